import { Type } from 'typebox'
import {
  type ApplicationRedRow,
  type ApplicationSizeRow,
  type ApplicationStepRow,
  applicationKnownQuery,
  applicationNamespacesQuery,
  applicationSizesQuery,
  applicationStepsQuery,
  applicationsRedQuery,
} from '../query/applications.ts'
import {
  type OperationListRow,
  type OperationStepRow,
  operationStepsQuery,
  operationsQuery,
  type TierVersionRow,
  tiersQuery,
} from '../query/operations.ts'
import { everything, type ListFilter, type Range } from '../query/query.ts'
import { type Ask, asker } from './ask.ts'
import { type Comparison, parseComparison, usualOfEntities } from './baselines.ts'
import { changeMarkers, newestFirst, violationMarkers } from './clusters.ts'
import { comparedCharts } from './compared-charts.ts'
import { ApiProblem } from './errors.ts'
import { toTiers } from './flow-map.ts'
import { parseList } from './list-filter.ts'
import { perMinute, toRed } from './red.ts'
import { type ApiInstance, ApplicationParams, answers, type RouteDeps } from './route-types.ts'
import {
  ApplicationDashboard,
  ApplicationList,
  type ApplicationRow,
  OperationList,
  type OperationRow,
} from './schema/applications.ts'
import { ComparedRange, type TimeRange } from './schema/common.ts'
import { chartOf, parseRange, redStepMsOf, type SeriesOf } from './time.ts'
import { violationsOf } from './violations.ts'

const operationsMax = 500
const dashboardOperationsMax = 20
const OperationQuery = Type.Intersect([
  ComparedRange,
  Type.Object({
    service: Type.Optional(Type.String({ description: 'comma-separated values; a leading ! excludes' })),
  }),
])

export function registerApplicationRoutes(app: ApiInstance, { store, known, nowMs }: RouteDeps): void {
  const scopeOf = ({
    query,
    params,
  }: {
    readonly query: TimeRange
    readonly params: { readonly application: string }
  }) => ({ ...parseRange(query, nowMs()), application: params.application })
  app.get(
    '/applications',
    { schema: { tags: ['applications'], querystring: ComparedRange, response: answers(ApplicationList) } },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const comparison = parseComparison(request.query)
      const scope = { ...parseRange(request.query, nowMs()), application: '' }
      return known.answer(ask, scope, async (scope) => ({
        applications: await applicationRows(ask, scope, comparison),
      }))
    },
  )
  app.get(
    '/applications/:application/dashboard',
    {
      schema: {
        tags: ['applications'],
        params: ApplicationParams,
        querystring: ComparedRange,
        response: answers(ApplicationDashboard),
      },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const comparison = parseComparison(request.query)
      return known.answer(ask, scopeOf(request), (scope) => dashboard(ask, scope, comparison))
    },
  )
  app.get(
    '/applications/:application/operations',
    {
      schema: {
        tags: ['applications'],
        params: ApplicationParams,
        querystring: OperationQuery,
        response: answers(OperationList),
      },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const service = parseList('service', request.query.service)
      const comparison = parseComparison(request.query)
      return known.answer(ask, scopeOf(request), async (scope) => {
        const operations = await operationRows(ask, { ...scope, service, limit: operationsMax }, comparison)
        if (operations.length === 0) await requireApplication(ask, scope.application)
        return { operations }
      })
    },
  )
}

type ApplicationScope = Range & { application: string }

const minutesOf = ({ fromMs, toMs }: Range) => (toMs - fromMs) / 60_000

async function dashboard(
  ask: Ask,
  scope: ApplicationScope,
  comparison: Comparison,
): Promise<ApplicationDashboard> {
  const { application } = scope
  const [[row], charts, tiers, tierUsual, operations, namespaces, violations] = await Promise.all([
    applicationRows(ask, scope, comparison),
    applicationCharts(ask, scope, comparison),
    ask<TierVersionRow>(tiersQuery(scope)),
    usualOfEntities(ask, { ...scope, level: 'tier' }, comparison),
    operationRows(ask, { ...scope, service: everything, limit: dashboardOperationsMax }, comparison),
    ask<{ namespace: string }>(applicationNamespacesQuery(scope)),
    violationsOf(ask, scope),
  ])
  if (row === undefined) await requireApplication(ask, application)
  const names = namespaces.map((one) => one.namespace)
  const own = violations.filter((one) => one.application === application || names.includes(one.namespace))
  const changes =
    names.length === 0
      ? []
      : await changeMarkers(ask, { ...scope, clusterId: '', namespace: { in: names, out: [] } })
  return {
    application: row ?? silentApplication(scope),
    charts,
    markers: [...changes, ...violationMarkers(own, scope)].sort(newestFirst),
    violations: own,
    tiers: toTiers(tiers, minutesOf(scope)).map((tier) => ({
      ...tier,
      red: tierUsual({ application, service: tier.service }, tier.red),
    })),
    operations,
  }
}

type Charts = ApplicationDashboard['charts']

function applicationCharts(ask: Ask, scope: ApplicationScope, comparison: Comparison): Promise<Charts> {
  const stepMs = redStepMsOf(scope)
  const { application } = scope
  return comparedCharts(ask, { ...scope, stepMs, level: 'application' }, comparison, async (range) =>
    toCharts(await ask<ApplicationStepRow>(applicationStepsQuery({ ...range, application, stepMs })), range),
  )
}

function toCharts(steps: readonly ApplicationStepRow[], scope: Range): Charts {
  const duration = (name: 'p50' | 'p95' | 'p99') => ({
    name,
    unit: 'ms',
    missing: null,
    value: (row: ApplicationStepRow) => row[`${name}Ms`],
  })
  const chart = (...series: SeriesOf<ApplicationStepRow>[]) =>
    chartOf(steps, scope, series, redStepMsOf(scope))
  const rate = (name: 'calls' | 'errors') => ({
    name,
    unit: '1/min',
    missing: 0 as const,
    value: (row: ApplicationStepRow, minutes: number) => perMinute(row[name], minutes),
  })
  return {
    load: chart(rate('calls')),
    responseTime: chart(duration('p50'), duration('p95'), duration('p99')),
    errors: chart(rate('errors')),
  }
}

async function applicationRows(
  ask: Ask,
  scope: ApplicationScope,
  comparison: Comparison,
): Promise<ApplicationRow[]> {
  const stepMs = redStepMsOf(scope)
  const [sizes, reds, usual] = await Promise.all([
    ask<ApplicationSizeRow>(applicationSizesQuery(scope)),
    ask<ApplicationRedRow>(applicationsRedQuery({ ...scope, stepMs })),
    usualOfEntities(ask, { ...scope, level: 'application' }, comparison),
  ])
  return sizes.map(({ application, tiers, nodes, lastSeenMs }) => {
    const row = reds.find((one) => one.application === application)
    const [timesMs, calls] = row?.steps ?? [[], []]
    return {
      application,
      tiers,
      nodes,
      lastSeenMs,
      red: usual({ application }, toRed(row, minutesOf(scope))),
      spark: sparkOf(
        timesMs.map((timeMs, index) => ({ timeMs, calls: calls[index] ?? 0 })),
        scope,
      ),
    }
  })
}

/** Known, but without a span in the range. */
function silentApplication(scope: ApplicationScope): ApplicationRow {
  return {
    application: scope.application,
    tiers: 0,
    nodes: 0,
    lastSeenMs: 0,
    red: toRed(undefined, minutesOf(scope)),
    spark: sparkOf([], scope),
  }
}

async function operationRows(
  ask: Ask,
  scope: ApplicationScope & { service: ListFilter; limit: number },
  comparison: Comparison,
): Promise<OperationRow[]> {
  const { application } = scope
  const [rows, steps, usual] = await Promise.all([
    ask<OperationListRow>(operationsQuery(scope)),
    ask<OperationStepRow>(operationStepsQuery({ ...scope, stepMs: redStepMsOf(scope) })),
    usualOfEntities(ask, { ...scope, level: 'operation' }, comparison),
  ])
  const stepsOf = Map.groupBy(steps, keyOf)
  return rows.map((row) => ({
    service: row.service,
    operation: row.operation,
    kind: row.kind,
    red: usual(
      { application, service: row.service, operation: row.operation, kind: row.kind },
      toRed(row, minutesOf(scope)),
    ),
    versions: [...row.versions],
    spark: sparkOf(stepsOf.get(keyOf(row)) ?? [], scope),
  }))
}

const keyOf = ({ service, operation, kind }: { service: string; operation: string; kind: string }) =>
  JSON.stringify([service, operation, kind])

interface CallsStep {
  readonly timeMs: number
  readonly calls: number
}

export const sumByTime = (steps: readonly CallsStep[]): CallsStep[] =>
  [...Map.groupBy(steps, (step) => step.timeMs)].map(([timeMs, rows]) => ({
    timeMs,
    calls: rows.reduce((sum, row) => sum + row.calls, 0),
  }))

export function sparkOf(
  steps: readonly CallsStep[],
  range: Range,
  stepMs: number = redStepMsOf(range),
): (number | null)[] {
  const value = (row: { calls: number }, minutes: number) => perMinute(row.calls, minutes)
  return (
    chartOf(steps, range, [{ name: 'calls', unit: '1/min', missing: 0, value }], stepMs).series[0]?.points ??
    []
  )
}

export async function requireApplication(ask: Ask, application: string): Promise<void> {
  const known = await ask(applicationKnownQuery({ application }))
  if (known.length > 0) return
  throw new ApiProblem(
    'unknown-application',
    `cannot find the application ${application.slice(0, 80)}: it has sent no spans; an application is named by service.namespace, else by its Kubernetes namespace`,
  )
}
