import { ms, nameOfParty, percent } from './texts.ts'
import type { OwnTimeRow, UsualTimeRow } from './why-slow-sql.ts'

/**
 * A span whose own time lies beyond Tukey's fence of its kind: the third quartile and one and a half times the distance of the
 * quartiles. A fault that began some minutes ago is in the hour before, too, and would be usual by its p95.
 * https://en.wikipedia.org/wiki/Outlier#Tukey's_fences
 */
export interface SlowSpan extends OwnTimeRow {
  readonly usualMs: number
  readonly usualMaxMs: number
  readonly n: number
  /** Of all that such spans of the trace took beyond their usual, 0…1. */
  readonly share: number
}

/** Fewer say nothing of what is usual. */
const spansMin = 20
/** Less of the trace's excess is no reason for anything. */
const shareMin = 0.02

/** The spans that took longer than usual, what they took most beyond it first. */
export function slowSpans(own: readonly OwnTimeRow[], usual: readonly UsualTimeRow[]): SlowSpan[] {
  const keyOf = (row: Pick<OwnTimeRow, 'service' | 'operation' | 'callee'>) =>
    JSON.stringify([row.service, row.operation, row.callee])
  const usualOf = new Map(usual.filter((row) => row.n >= spansMin).map((row) => [keyOf(row), row]))
  const found = own.flatMap((row) => {
    const known = usualOf.get(keyOf(row))
    if (!known) return []
    const fenceMs = known.p75Ms + 1.5 * (known.p75Ms - known.p25Ms)
    return row.ownMs > fenceMs ? [{ row, known, fenceMs, excessMs: row.ownMs - known.p50Ms }] : []
  })
  const totalMs = found.reduce((sum, one) => sum + one.excessMs, 0)
  return found
    .sort((a, b) => b.excessMs - a.excessMs)
    .map(({ row, known, fenceMs, excessMs }) => ({
      ...row,
      ...{ usualMs: known.p50Ms, usualMaxMs: fenceMs, n: known.n, share: excessMs / totalMs },
    }))
    .filter((span) => span.share >= shareMin)
}

export function describeSlow({
  service,
  operation,
  callee,
  ownMs,
  usualMs,
  usualMaxMs,
  n,
}: SlowSpan): string {
  const what = callee === '' ? 'own work' : `time for ${nameOfParty(callee)} beyond its own spans`
  return `${service} ${operation}: ${what} ${ms(ownMs)}, usually ${ms(usualMs)} and at most ${ms(usualMaxMs)} (${n} of the hour before)`
}

export function describeWhy(spans: readonly SlowSpan[], known: number): string {
  const [first] = spans
  if (known === 0)
    return 'Nothing is known of what such spans usually take: the hour before has too few of them.'
  if (!first) return 'No span took longer itself than its kind usually did in the hour before.'
  const beyondMs = (first.ownMs - first.usualMs) / first.share
  return `${ms(beyondMs)} more than usual, of which ${percent(first.share)} in ${first.service} ${first.operation}.`
}
