import { rolledUpBindings, timeBindings } from './panel-sql.ts'

/** SQL text: a count of a step a minute. */
export const perMinute = (count: string): string => `${count} * 60000 / ${timeBindings['stepMs']}`

/** SQL text: a count of the range a minute; `rolled`: of its part that is rolled up. */
export const perMinuteOfRange = (count: string, rolled: 'rolled' | 'all' = 'all'): string => {
  const { fromMs, toMs } = rolled === 'rolled' ? rolledUpBindings : timeBindings
  return `round(${count} * 60000 / (${toMs} - ${fromMs}), 2)`
}

/** SQL text: a part of the calls, 0…1. */
export const shareOfCalls = (count: string): string => `if(calls = 0, NULL, ${count} / calls)`

/** Units of the columns of durations. */
export const durations = { 'Mean ms': 'ms', 'p95 ms': 'ms' } as const
