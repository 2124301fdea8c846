import type { RedRow } from '../query/red.ts'
import type { Red } from './schema/applications.ts'

export function toRed(row: RedRow | undefined, minutes: number): Red {
  const { calls = 0, errors = 0 } = row ?? {}
  return {
    calls,
    callsPerMinute: perMinute(calls, minutes),
    errors,
    errorsPerMinute: perMinute(errors, minutes),
    errorRatio: calls === 0 ? null : errors / calls,
    meanMs: row?.meanMs ?? null,
    p50Ms: row?.p50Ms ?? null,
    p95Ms: row?.p95Ms ?? null,
    p99Ms: row?.p99Ms ?? null,
    maxMs: row?.maxMs ?? null,
  }
}

/** Rates keep four digits after the point: enough for one call a day, and stable text. */
export function perMinute(count: number, minutes: number): number {
  return minutes <= 0 ? 0 : Math.round((count / minutes) * 10_000) / 10_000
}
