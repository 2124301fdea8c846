import type { SloRow, SloStatus } from '@binnacle/collector/api/slos'
import { formatDuration, missing, threeDigits } from '../format.ts'
import type { State } from '../parts/state.ts'

type Definition = SloRow['definition']

/** 0.9987 is 99.87 %; three digits would make 99.87 and 99.94 the same. */
export function formatShare(share: number | null): string {
  if (share === null) return missing
  const percent = share * 100
  // Never "100 %" while a call was bad.
  const digits = percent >= 99.9 && percent < 100 ? 4 : percent >= 99 ? 3 : 2
  const floored = Math.floor(percent * 10 ** digits + 1e-6) / 10 ** digits
  return `${floored} %`
}

export function formatBurn(rate: number): string {
  return `${threeDigits(rate)}×`
}

/** What calls it is about. */
export function subjectOf({ service, transaction }: Definition): string {
  if (transaction !== '') return `${service} · ${transaction}`
  return service === '' ? 'whole application' : `tier ${service}`
}

/** "99.9 % faster than 300 ms over 28 days". */
export function promiseOf({ objective, thresholdMs, target, windowDays }: Definition): string {
  const good = objective === 'latency' ? `within ${formatDuration(thresholdMs)}` : 'without error'
  return `${formatShare(target)} ${good} over ${windowDays} days`
}

export function stateOf({ state, burning }: SloStatus): { readonly state: State; readonly text: string } {
  if (burning === 'fast')
    return { state: 'critical', text: state === 'exhausted' ? 'spent, burning fast' : 'burning fast' }
  if (state === 'exhausted') return { state: 'warning', text: burning ? 'spent, burning' : 'budget spent' }
  if (burning === 'slow') return { state: 'warning', text: 'burning' }
  return state === 'no data' ? { state: 'done', text: 'no calls' } : { state: 'ok', text: 'ok' }
}

export function lastsText({ exhaustedInMs }: SloStatus): string {
  if (exhaustedInMs === null) return 'nothing burns'
  return exhaustedInMs === 0 ? 'spent' : formatDuration(exhaustedInMs)
}
