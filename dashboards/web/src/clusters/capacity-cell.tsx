import { ShareBar } from './share-bar.tsx'

interface Props {
  readonly used: number | null
  readonly requested?: number
  readonly outOf: number
  readonly format: (value: number | null) => string
}

/** Used of what a node can give, the request as a tick; where use is not known the request takes its place. */
export function CapacityCell({ used, requested, outOf, format }: Props) {
  const title = [
    `used ${format(used)}`,
    ...(requested === undefined ? [] : [`requested ${format(requested)}`]),
    `of ${outOf === 0 ? 'unknown' : format(outOf)}`,
  ].join(' · ')
  return (
    <span className="capacity-cell" title={title}>
      <span>
        {format(used)} <small>of {outOf === 0 ? '–' : format(outOf)}</small>
      </span>
      <ShareBar
        value={used ?? 0}
        outOf={outOf}
        {...(requested === undefined ? {} : { tick: requested })}
        title={title}
      />
    </span>
  )
}
