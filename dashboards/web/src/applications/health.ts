import type { Red } from '@binnacle/collector/api/applications'
import { formatDuration, formatRate } from '../format.ts'
import { deviationText, toneOfUsual, type Usual } from './usual.ts'

/** Of tiers, applications and calls, by response time and errors beside their baseline; limits: usual.ts. */
export const healthStates = [
  { state: 'ok', word: 'as usual', meaning: 'p95 and errors within 2 σ of their baseline, or below' },
  { state: 'warning', word: 'over 2 σ', meaning: 'p95 or errors more than 2 σ above their baseline' },
  { state: 'critical', word: 'over 3 σ', meaning: 'p95 or errors more than 3 σ above their baseline' },
  { state: 'info', word: 'no baseline yet', meaning: 'fewer than 3 hours like this one are known' },
] as const
export type HealthState = (typeof healthStates)[number]['state']

export interface Health {
  readonly state: HealthState
  /** "p95 +4.1 σ, errors +2.3 σ"; empty where all is as usual. */
  readonly short: string
  /** The worse of them alone, where there is little room. */
  readonly worst: string
  /** The figures, each beside what is usual. */
  readonly long: string
}

/** The worse of response time and errors counts. Undefined: there is nothing to compare, or with. */
export function healthOf(red: Red): Health | undefined {
  const { usual } = red
  if (usual === undefined || red.calls === 0) return undefined
  const { p95Ms, errorsPerMinute } = usual
  const neverFailed = errorsPerMinute.center === 0 && errorsPerMinute.deviation === null && red.errors > 0
  const raised = [
    { tone: toneOfUsual(p95Ms), text: `p95 ${deviationText(p95Ms)}` },
    {
      tone: toneOfUsual(errorsPerMinute) ?? (neverFailed ? 'warn' : undefined),
      text: neverFailed ? 'errors, usually none' : `errors ${deviationText(errorsPerMinute)}`,
    },
  ].filter(({ tone }) => tone !== undefined)
  const critical = raised.find(({ tone }) => tone === 'bad')
  const isCold = p95Ms.center === null && errorsPerMinute.center === null
  return {
    state: isCold ? 'info' : critical ? 'critical' : raised.length > 0 ? 'warning' : 'ok',
    short: raised.map(({ text }) => text).join(', '),
    worst: (critical ?? raised[0])?.text ?? '',
    long: [
      `p95 ${formatDuration(red.p95Ms)}, ${usualText(p95Ms, formatDuration)}`,
      `errors ${formatRate(red.errorsPerMinute)}, ${usualText(errorsPerMinute, formatRate)}`,
    ].join('\n'),
  }
}

function usualText(usual: Usual, format: (value: number | null) => string): string {
  const { center, lower, upper, hours } = usual
  if (center === null) return `no baseline yet (${hours} of 3 hours)`
  return `usual ${format(lower)} – ${format(upper)} (n = ${hours} h), ${deviationText(usual)}`
}

const ranks: readonly HealthState[] = ['info', 'ok', 'warning', 'critical']

/** To sort by: the worst is the highest. */
export function healthRank(red: Red): number {
  const health = healthOf(red)
  return health ? ranks.indexOf(health.state) : -1
}

export const wordOf = (state: HealthState): string =>
  healthStates.find((one) => one.state === state)?.word ?? state

/** Whether the page compares with a baseline at all: `compare` of its URL. */
export const isBaseline = (compare: string | undefined): boolean =>
  compare !== 'none' && compare !== 'previous'
