import type { Outcome } from '@binnacle/collector/api/releases'
import type { State } from '../parts/state.ts'

export const outcomeWords: Readonly<Record<Outcome, string>> = {
  worse: 'worse',
  better: 'better',
  'no-difference': 'no difference',
  'not-enough-data': 'not enough data',
}

export const outcomeStates: Readonly<Record<Outcome, State>> = {
  worse: 'critical',
  better: 'ok',
  'no-difference': 'ok',
  'not-enough-data': 'info',
}

export const versionName = (version: string): string => version || 'no version'
