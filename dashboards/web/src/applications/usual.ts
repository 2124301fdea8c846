import type { Red } from '@binnacle/collector/api/applications'
import { formatPercent, threeDigits } from '../format.ts'

export type Usual = NonNullable<Red['usual']>['p95Ms']

/** From so many σ above what is usual a figure is a warning, and bad: as the vendor's default health rules have it. */
const warnSigma = 2
const badSigma = 3
/** Where all hours were equal there is no σ: by half as much again, and as much again. */
const warnChange = 0.5
const badChange = 1

/** How far above its baseline a figure is. Below it, or within, is well. */
export function toneOfUsual(usual: Usual | undefined): 'bad' | 'warn' | undefined {
  const { deviation, change } = usual ?? { deviation: null, change: null }
  if (deviation !== null) return deviation >= badSigma ? 'bad' : deviation >= warnSigma ? 'warn' : undefined
  return (change ?? 0) >= badChange ? 'bad' : (change ?? 0) >= warnChange ? 'warn' : undefined
}

/** "+2.3 σ", or per cent where all hours were equal. */
export function deviationText({ deviation, change }: Usual): string {
  const signed = (value: number, text: string) => `${value < 0 ? '−' : '+'}${text}`
  if (deviation !== null)
    return signed(deviation, `${threeDigits(Math.round(Math.abs(deviation) * 10) / 10)} σ`)
  return change === null ? '–' : signed(change, formatPercent(Math.abs(change)))
}
