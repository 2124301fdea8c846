import { formatDuration } from '../format.ts'
import { deviationText, toneOfUsual, type Usual } from './usual.ts'

/** p95 against its baseline. */
export function Deviation({ usual }: { readonly usual: Usual | undefined }) {
  if (usual === undefined) return <span className="quiet">–</span>
  if (usual.center === null)
    return (
      <span className="quiet" title={`The baseline warms up: ${usual.hours} of 3 hours like this one`}>
        –
      </span>
    )
  const tone = toneOfUsual(usual)
  const title = `usual ${formatDuration(usual.lower)} – ${formatDuration(usual.upper)}, middle ${formatDuration(usual.center)}, from ${usual.hours} hours`
  return (
    <span className={tone ? `deviation deviation-${tone}` : 'quiet'} title={title}>
      {tone && '▲ '}
      {deviationText(usual)}
    </span>
  )
}
