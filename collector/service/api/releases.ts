import { podsWithVersions, type ReleasePod } from '../compare/pods.ts'
import { oldestFirst } from '../compare/release-order.ts'
import { presenceOf, rolloutMsMax, windowsOfMarker, windowsOfVersions } from '../compare/windows.ts'
import type { Range } from '../query/query.ts'
import { type ReleasePodRow, releasePodsQuery } from '../query/release-pods.ts'
import {
  type FirstSeenRow,
  firstSeenQuery,
  type LatestReleaseRow,
  latestReleasesQuery,
  type TierRolloutRow,
  tierRolloutsQuery,
  type VersionStepRow,
  versionStepsQuery,
} from '../query/releases.ts'
import { requireApplication } from './applications.ts'
import { type Ask, asker } from './ask.ts'
import { type Compared, comparisonOf } from './compare.ts'
import { ApiProblem } from './errors.ts'
import { type ApiDeps, type ApiInstance, ApplicationParams, answers, TierParams } from './route-types.ts'
import { TimeRange } from './schema/common.ts'
import {
  LatestReleaseList,
  LatestReleaseQuery,
  ReleaseCompareQuery,
  ReleaseComparison,
  ReleaseList,
  type ReleaseTier,
  type ReleaseVersion,
} from './schema/releases.ts'
import { parseRange, stepMsOf, timesOf } from './time.ts'

export function registerReleaseRoutes(app: ApiInstance, { store, nowMs }: ApiDeps): void {
  app.get(
    '/releases',
    {
      schema: {
        tags: ['applications'],
        querystring: LatestReleaseQuery,
        response: answers(LatestReleaseList),
      },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const rows = await ask<LatestReleaseRow>(
        latestReleasesQuery({ nowMs: nowMs(), limit: request.query.limit ?? 10 }),
      )
      return { releases: rows.map(({ firstMs, ...row }) => ({ ...row, firstSeenMs: firstMs })) }
    },
  )
  app.get(
    '/applications/:application/releases',
    {
      schema: {
        tags: ['applications'],
        params: ApplicationParams,
        querystring: TimeRange,
        response: answers(ReleaseList),
      },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const scope = { ...parseRange(request.query, nowMs()), application: request.params.application }
      const list = await releaseList(ask, scope, nowMs())
      if (list.tiers.length === 0) await requireApplication(ask, scope.application)
      return list
    },
  )
  app.get(
    '/applications/:application/tiers/:service/compare',
    {
      schema: {
        tags: ['applications'],
        params: TierParams,
        querystring: ReleaseCompareQuery,
        response: answers(ReleaseComparison),
      },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const scope = { ...parseRange(request.query, nowMs()), ...request.params }
      const { marker, minutes = 60 } = request.query
      return comparisonOf(
        ask,
        marker === undefined
          ? await betweenVersions(ask, scope, { ...request.query, nowMs: nowMs() })
          : await aroundMarker(ask, scope, { markerMs: marker, lengthMs: minutes * 60_000, nowMs: nowMs() }),
      )
    },
  )
}

type ApplicationScope = Range & { readonly application: string }
type TierScope = ApplicationScope & { readonly service: string }

async function releaseList(ask: Ask, scope: ApplicationScope, nowMs: number): Promise<ReleaseList> {
  const stepMs = Math.max(60_000, stepMsOf(scope))
  const [steps, first, podRows, rollouts] = await Promise.all([
    ask<VersionStepRow>(versionStepsQuery({ ...scope, stepMs })),
    ask<FirstSeenRow>(firstSeenQuery({ application: scope.application, nowMs })),
    ask<ReleasePodRow>(releasePodsQuery({ ...scope, service: '' })),
    ask<TierRolloutRow>(tierRolloutsQuery(scope)),
  ])
  const timesMs = timesOf(scope, stepMs)
  const pods = podsWithVersions(podRows)
  const tiers = [...Map.groupBy(steps, (row) => row.service)].map(
    ([service, own]): ReleaseTier => ({
      service,
      versions: versionsOf(own, {
        timesMs,
        pods: pods.filter((pod) => pod.service === service),
        toMs: scope.toMs,
        first: first.filter((row) => row.service === service),
      }),
      rollouts: rollouts
        .filter((row) => row.service === service)
        .map(({ timeMs, namespace, name, from, to }) => ({
          ...{ timeMs, namespace, name, from, to },
          title: `${name}: ${from} → ${to}`,
        })),
    }),
  )
  return { stepMs, timesMs, tiers }
}

function versionsOf(
  rows: readonly VersionStepRow[],
  {
    timesMs,
    pods,
    toMs,
    first,
  }: {
    readonly timesMs: readonly number[]
    readonly pods: readonly ReleasePod[]
    readonly toMs: number
    readonly first: readonly FirstSeenRow[]
  },
): ReleaseVersion[] {
  const sum = (of: readonly VersionStepRow[], key: 'calls' | 'errors') =>
    of.reduce((total, row) => total + row[key], 0)
  const all = sum(rows, 'calls')
  const callsAt = new Map<number, number>()
  for (const row of rows) callsAt.set(row.timeMs, (callsAt.get(row.timeMs) ?? 0) + row.calls)
  const versions = [...Map.groupBy(rows, (row) => row.version)].map(([version, own]) => {
    const at = new Map(own.map((row) => [row.timeMs, row.calls]))
    const mine = pods.filter((pod) => pod.version === version && pod.endedMs >= toMs)
    const firstMs = firstOf(version, own, first)
    return {
      firstMs,
      row: {
        version,
        firstSeenMs: firstMs,
        lastSeenMs: Math.max(...own.map((row) => row.lastMs)),
        calls: Math.round(sum(own, 'calls')),
        errors: Math.round(sum(own, 'errors')),
        share: all === 0 ? 0 : sum(own, 'calls') / all,
        shares: timesMs.map((timeMs) => {
          const calls = callsAt.get(timeMs) ?? 0
          return calls === 0 ? null : (at.get(timeMs) ?? 0) / calls
        }),
        pods: mine.length,
        canaryWeight: mine.find((pod) => pod.canaryWeight !== undefined)?.canaryWeight ?? null,
      },
    }
  })
  return oldestFirst(versions.map(({ firstMs, row }) => ({ firstMs, version: row.version, row })))
    .toReversed()
    .map(({ row }) => row)
}

function firstOf(version: string, steps: readonly VersionStepRow[], stored: readonly FirstSeenRow[]): number {
  return Math.min(
    ...steps.map((row) => row.firstMs),
    ...stored.filter((row) => row.version === version).map((row) => row.firstMs),
  )
}

/** The two versions that were asked for, else the newest of the range and the one before it, each in its time. */
async function betweenVersions(
  ask: Ask,
  scope: TierScope,
  { a, b, nowMs }: Pick<ReleaseCompareQuery, 'a' | 'b'> & { readonly nowMs: number },
): Promise<Compared> {
  const { application, service } = scope
  const { steps, stepMs } = await tierSteps(ask, scope)
  const byVersion = Map.groupBy(steps, (row) => row.version)
  const first =
    a !== undefined && b !== undefined ? [] : await ask<FirstSeenRow>(firstSeenQuery({ application, nowMs }))
  const order = oldestFirst(
    [...byVersion].map(([version, own]) => ({
      version,
      firstMs: firstOf(
        version,
        own,
        first.filter((row) => row.service === service),
      ),
    })),
  ).map((one) => one.version)
  const versionB = b ?? order.findLast((version) => version !== a)
  const versionA =
    a ??
    (versionB !== undefined && order.includes(versionB) ? order[order.indexOf(versionB) - 1] : order.at(-1))
  if (versionA === undefined || versionB === undefined || versionA === versionB)
    throw new ApiProblem(
      'bad-parameter',
      `cannot compare versions of ${service.slice(0, 80)}: ${
        order.length === 0
          ? 'it was not called in this time range'
          : `there is no other than ${order.join(', ').slice(0, 200)} in this time range; choose a longer one, or compare around a deployment with marker=`
      }`,
    )
  const [presenceA, presenceB] = [versionA, versionB].map((version) =>
    presenceOf(byVersion.get(version) ?? [], stepMs),
  )
  const clipped = (window: Range) => ({
    fromMs: Math.max(window.fromMs, scope.fromMs),
    toMs: Math.min(window.toMs, scope.toMs),
  })
  // A version that was not called has no time of its own: the range says so.
  const windows = windowsOfVersions(
    clipped(presenceA ?? presenceB ?? scope),
    clipped(presenceB ?? presenceA ?? scope),
  )
  return {
    application,
    service,
    ...windows,
    versionA,
    versionB,
    names: { a: versionA || 'no version', b: versionB || 'no version' },
  }
}

async function aroundMarker(
  ask: Ask,
  { application, service }: TierScope,
  {
    markerMs,
    lengthMs,
    nowMs,
  }: { readonly markerMs: number; readonly lengthMs: number; readonly nowMs: number },
): Promise<Compared> {
  const { steps } = await tierSteps(ask, {
    application,
    service,
    fromMs: markerMs - rolloutMsMax,
    toMs: Math.max(markerMs + 60_000, Math.min(nowMs, markerMs + rolloutMsMax)),
  })
  // What was called before the deployment and is not any more half an hour after it was replaced.
  const replaced = [...Map.groupBy(steps, (row) => row.version).values()].flatMap((own) => {
    const lastMs = Math.max(...own.map((row) => row.lastMs)) + 60_000
    return own.some((row) => row.firstMs < markerMs) &&
      lastMs < Math.min(nowMs, markerMs + rolloutMsMax) - 120_000
      ? [lastMs]
      : []
  })
  return {
    application,
    service,
    ...windowsOfMarker({
      markerMs,
      replacedMs: replaced.length > 0 ? Math.max(...replaced) : undefined,
      lengthMs,
      nowMs,
    }),
    versionA: null,
    versionB: null,
    names: { a: 'before', b: 'after' },
  }
}

async function tierSteps(ask: Ask, scope: TierScope): Promise<{ steps: VersionStepRow[]; stepMs: number }> {
  const stepMs = Math.max(60_000, stepMsOf(scope))
  const rows = await ask<VersionStepRow>(versionStepsQuery({ ...scope, stepMs }))
  return { steps: rows.filter((row) => row.service === scope.service), stepMs }
}
