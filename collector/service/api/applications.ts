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
import { type FlowEdgeRow, flowEdgesQuery } from '../query/flow-map.ts'
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
import { markersOf } from './clusters.ts'
import { ApiProblem } from './errors.ts'
import { toFlowMap, toTiers } from './flow-map.ts'
import { parseList } from './list-filter.ts'
import { perMinute, toRed } from './red.ts'
import { type ApiDeps, type ApiInstance, ApplicationParams, answers } from './route-types.ts'
import {
  ApplicationDashboard,
  ApplicationList,
  type ApplicationRow,
  FlowMap,
  OperationList,
  type OperationRow,
} from './schema/applications.ts'
import { TimeRange } from './schema/common.ts'
import { chartOf, parseRange, stepMsOf } from './time.ts'

const operationsMax = 500
const dashboardOperationsMax = 20
const OperationQuery = Type.Intersect([
  TimeRange,
  Type.Object({
    service: Type.Optional(Type.String({ description: 'comma-separated values; a leading ! excludes' })),
  }),
])

export function registerApplicationRoutes(app: ApiInstance, { store, nowMs }: ApiDeps): void {
  app.get(
    '/applications',
    { schema: { tags: ['applications'], querystring: TimeRange, response: answers(ApplicationList) } },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      return {
        applications: await applicationRows(ask, { ...parseRange(request.query, nowMs()), application: '' }),
      }
    },
  )
  const route = <T extends typeof ApplicationDashboard | typeof FlowMap>(response: T) => ({
    schema: {
      tags: ['applications'],
      params: ApplicationParams,
      querystring: TimeRange,
      response: answers(response),
    },
  })
  app.get('/applications/:application/dashboard', route(ApplicationDashboard), async (request, reply) => {
    const ask = asker(store, request, reply)
    return dashboard(ask, { ...parseRange(request.query, nowMs()), application: request.params.application })
  })
  app.get('/applications/:application/flow-map', route(FlowMap), async (request, reply) => {
    const ask = asker(store, request, reply)
    const scope = { ...parseRange(request.query, nowMs()), application: request.params.application }
    const [edges, tiers] = await Promise.all([
      ask<FlowEdgeRow>(flowEdgesQuery(scope)),
      ask<TierVersionRow>(tiersQuery(scope)),
    ])
    if (edges.length + tiers.length === 0) await requireApplication(ask, scope.application)
    return toFlowMap(edges, tiers, minutesOf(scope))
  })
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
      const scope = { ...parseRange(request.query, nowMs()), application: request.params.application }
      const service = parseList('service', request.query.service)
      const operations = await operationRows(ask, { ...scope, service, limit: operationsMax })
      if (operations.length === 0) await requireApplication(ask, scope.application)
      return { operations }
    },
  )
}

type ApplicationScope = Range & { application: string }

const minutesOf = ({ fromMs, toMs }: Range) => (toMs - fromMs) / 60_000

async function dashboard(ask: Ask, scope: ApplicationScope): Promise<ApplicationDashboard> {
  const stepMs = stepMsOf(scope)
  const [[application], steps, tiers, operations, namespaces] = await Promise.all([
    applicationRows(ask, scope),
    ask<ApplicationStepRow>(applicationStepsQuery({ ...scope, stepMs })),
    ask<TierVersionRow>(tiersQuery(scope)),
    operationRows(ask, { ...scope, service: everything, limit: dashboardOperationsMax }),
    ask<{ namespace: string }>(applicationNamespacesQuery(scope)),
  ])
  if (application === undefined) await requireApplication(ask, scope.application)
  const duration = (name: 'p50' | 'p95' | 'p99') => ({
    name,
    unit: 'ms',
    missing: null,
    value: (row: ApplicationStepRow) => row[`${name}Ms`],
  })
  const rate = (name: 'calls' | 'errors') => ({
    name,
    unit: '1/min',
    missing: 0 as const,
    value: (row: ApplicationStepRow, minutes: number) => perMinute(row[name], minutes),
  })
  const names = namespaces.map((row) => row.namespace)
  return {
    application: application ?? silentApplication(scope),
    charts: {
      load: chartOf(steps, scope, [rate('calls')]),
      responseTime: chartOf(steps, scope, [duration('p50'), duration('p95'), duration('p99')]),
      errors: chartOf(steps, scope, [rate('errors')]),
    },
    markers:
      names.length === 0
        ? []
        : await markersOf(ask, { ...scope, clusterId: '', namespace: { in: names, out: [] } }),
    tiers: toTiers(tiers, minutesOf(scope)),
    operations,
  }
}

async function applicationRows(ask: Ask, scope: ApplicationScope): Promise<ApplicationRow[]> {
  const stepMs = stepMsOf(scope)
  const [sizes, reds, steps] = await Promise.all([
    ask<ApplicationSizeRow>(applicationSizesQuery(scope)),
    ask<ApplicationRedRow>(applicationsRedQuery(scope)),
    ask<ApplicationStepRow>(applicationStepsQuery({ ...scope, stepMs })),
  ])
  return sizes.map(({ application, tiers, nodes, lastSeenMs }) => ({
    application,
    tiers,
    nodes,
    lastSeenMs,
    red: toRed(
      reds.find((row) => row.application === application),
      minutesOf(scope),
    ),
    spark: sparkOf(
      steps.filter((row) => row.application === application),
      scope,
    ),
  }))
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
): Promise<OperationRow[]> {
  const [rows, steps] = await Promise.all([
    ask<OperationListRow>(operationsQuery(scope)),
    ask<OperationStepRow>(operationStepsQuery({ ...scope, stepMs: stepMsOf(scope) })),
  ])
  const stepsOf = Map.groupBy(steps, keyOf)
  return rows.map((row) => ({
    service: row.service,
    operation: row.operation,
    kind: row.kind,
    red: toRed(row, minutesOf(scope)),
    versions: [...row.versions],
    spark: sparkOf(stepsOf.get(keyOf(row)) ?? [], scope),
  }))
}

const keyOf = ({ service, operation, kind }: { service: string; operation: string; kind: string }) =>
  JSON.stringify([service, operation, kind])

export function sparkOf(
  steps: readonly { timeMs: number; calls: number }[],
  range: Range,
): (number | null)[] {
  const value = (row: { calls: number }, minutes: number) => perMinute(row.calls, minutes)
  return chartOf(steps, range, [{ name: 'calls', unit: '1/min', missing: 0, value }]).series[0]?.points ?? []
}

export async function requireApplication(ask: Ask, application: string): Promise<void> {
  const known = await ask(applicationKnownQuery({ application }))
  if (known.length > 0) return
  throw new ApiProblem(
    'unknown-application',
    `cannot find the application ${application.slice(0, 80)}: it has sent no spans; an application is named by service.namespace, else by its Kubernetes namespace`,
  )
}
