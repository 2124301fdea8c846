import { formatRate } from '../format.ts'

interface Props {
  readonly callers: readonly { readonly service: string; readonly red: { readonly callsPerMinute: number } }[]
}

const shownMax = 3

/** Who calls, the one that spends the most time first; all of them on hover. */
export function Callers({ callers }: Props) {
  const more = callers.length - shownMax
  const title = callers.map(({ service, red }) => `${service} ${formatRate(red.callsPerMinute)}`).join('\n')
  return (
    <span title={title}>
      {callers
        .slice(0, shownMax)
        .map(({ service }) => service)
        .join(', ')}
      {more > 0 && <span className="quiet">{` +${more}`}</span>}
    </span>
  )
}
