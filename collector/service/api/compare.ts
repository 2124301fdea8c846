import { compareReleases } from '../compare/compare-releases.ts'
import type { Comparison } from '../compare/comparison.ts'
import { intendedShare, podsWithVersions } from '../compare/pods.ts'
import type { Window, Windows } from '../compare/windows.ts'
import {
  callsBeforeQuery,
  comparedExceptionsMax,
  comparedOperationsMax,
  type KnownExceptionRow,
  knownExceptionsQuery,
} from '../query/compare.ts'
import { everything, type ListFilter } from '../query/query.ts'
import { type ReleasePodRow, releasePodsQuery } from '../query/release-pods.ts'
import type { Ask } from './ask.ts'
import { toCharts, toJudged, toSide } from './compare-answer.ts'
import { pairExceptions, pairOperations } from './compare-pairs.ts'
import { readSide, type Side } from './compare-side.ts'
import type { ReleaseComparison } from './schema/releases.ts'
import { stepMsOf } from './time.ts'

/** Two versions of a tier, or (null) whatever versions there were. */
export interface Compared extends Windows {
  readonly application: string
  readonly service: string
  readonly versionA: string | null
  readonly versionB: string | null
  readonly names: { readonly a: string; readonly b: string }
}

/** Exceptions of the days before are known by their first sight; calls of so many days say how seldom a new one must be. */
const beforeMs = 7 * 86_400_000

export async function comparisonOf(ask: Ask, compared: Compared): Promise<ReleaseComparison> {
  const { application, service, a, b, names, sideBySide } = compared
  const range = { fromMs: Math.min(a.fromMs, b.fromMs), toMs: Math.max(a.toMs, b.toMs) }
  const stepMs = Math.max(60_000, stepMsOf(range))
  const podRows = await ask<ReleasePodRow>(releasePodsQuery({ ...range, application, service }))
  const pods = podsWithVersions(podRows)
  const podsOf = (version: string | null, window: Window) =>
    pods.filter(
      (pod) =>
        (version === null || pod.version === version) &&
        pod.createdMs < window.toMs &&
        pod.endedMs >= window.fromMs,
    )
  const sideOf = (window: Window, version: string | null) =>
    readSide(ask, {
      scope: { ...window, application, service, version: only(version) },
      pods: podsOf(version, window),
      stepMs,
    })
  const [sideA, sideB, known, before] = await Promise.all([
    sideOf(a, compared.versionA),
    sideOf(b, compared.versionB),
    ask<KnownExceptionRow>(
      knownExceptionsQuery({
        application,
        service,
        fromMs: range.fromMs,
        version: allBut(compared.versionB),
      }),
    ),
    ask<{ calls: number }>(
      callsBeforeQuery({
        application,
        service,
        version: allBut(compared.versionB),
        fromMs: range.fromMs - beforeMs,
        toMs: range.fromMs,
      }),
    ),
  ])
  const exceptions = pairExceptions(
    sideA.exceptions,
    sideB.exceptions,
    new Set(known.map((row) => row.group)),
  )
  const comparison: Comparison = {
    names,
    a: sideA.facts,
    b: sideB.facts,
    operations: pairOperations(sideA.operations, sideB.operations),
    exceptions,
    callsBefore: before[0]?.calls ?? 0,
    intended: sideBySide ? intendedShare(sideA.pods, sideB.pods, b) : null,
    sideBySide,
  }
  const result = compareReleases(comparison)
  return {
    application,
    service,
    a: toSide(sideA, a, { name: names.a, version: compared.versionA }),
    b: toSide(sideB, b, { name: names.b, version: compared.versionB }),
    sideBySide,
    verdict: {
      ...result.verdict,
      reasons: [...result.verdict.reasons],
      notes: [...result.verdict.notes, ...cutNotes(sideA, sideB)],
    },
    ...toJudged(result),
    exceptions: exceptions.map(({ known: _, ...one }) => one),
    charts: toCharts(sideA, sideB, range, names),
  }
}

const only = (version: string | null): ListFilter =>
  version === null ? everything : { in: [version], out: [] }
const allBut = (version: string | null): ListFilter =>
  version === null ? everything : { in: [], out: [version] }

/** What the limits of the questions left out. */
function cutNotes(a: Side, b: Side): string[] {
  const cut = (most: number, of: (side: Side) => number, what: string) =>
    Math.max(of(a), of(b)) < most ? [] : [`Only the ${most} most frequent ${what} of each side are compared.`]
  return [
    ...cut(comparedOperationsMax, (side) => side.operations.size, 'operations'),
    ...cut(comparedExceptionsMax, (side) => side.exceptions.length, 'exceptions'),
  ]
}
