import type { Red } from '@binnacle/collector/api/applications'
import { formatDuration, formatPercent, threeDigits } from '../format.ts'

type Usual = NonNullable<Red['usual']>['p95Ms']

/** From so many σ above what is usual a figure is a warning, and bad: as the vendor's default health rules have it. */
const warnSigma = 2
const badSigma = 3

/** How far above its baseline a figure is. Below it, or within, is well. */
export function toneOfUsual(usual: Usual | undefined): 'bad' | 'warn' | undefined {
  const deviation = usual?.deviation ?? 0
  return deviation >= badSigma ? 'bad' : deviation >= warnSigma ? 'warn' : undefined
}

/** "+2.3 σ", or per cent where all hours were equal. */
export function deviationText({ deviation, change }: Usual): string {
  const signed = (value: number, text: string) => `${value < 0 ? '−' : '+'}${text}`
  if (deviation !== null)
    return signed(deviation, `${threeDigits(Math.round(Math.abs(deviation) * 10) / 10)} σ`)
  return change === null ? '–' : signed(change, formatPercent(Math.abs(change)))
}

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
