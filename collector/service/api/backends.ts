import { isCache } from '../../record/backend.ts'
import {
  type BackendCallsRow,
  type BackendStepRow,
  backendCalls,
  backendStepsQuery,
  backendsQuery,
  isBackend,
  slowBackendCallsQuery,
} from '../query/backends.ts'
import type { Range } from '../query/query.ts'
import {
  isQueue,
  type QueueCallsRow,
  type QueueStepRow,
  queueCalls,
  queueStepsQuery,
  queuesQuery,
} from '../query/queues.ts'
import { type CallFiguresRow, callFiguresQuery, type SlowCallRow } from '../query/red-rows.ts'
import { requireApplication } from './applications.ts'
import { type Ask, asker } from './ask.ts'
import { callDetail, minuteSpark, toParts } from './call-detail.ts'
import { recentMsMax } from './databases.ts'
import { toRed } from './red.ts'
import { type ApiInstance, ApplicationParams, answers, type RouteDeps } from './route-types.ts'
import { BackendList, BackendQuery, type BackendRow } from './schema/backends.ts'
import { CallDetail } from './schema/calls.ts'
import { TimeRange } from './schema/common.ts'
import { parseRange, wholeStepMsOf } from './time.ts'

const rowsMax = 500

export function registerBackendRoutes(app: ApiInstance, { store, known, nowMs }: RouteDeps): void {
  const tags = ['applications']
  app.get(
    '/applications/:application/backends',
    {
      schema: {
        tags,
        params: ApplicationParams,
        querystring: TimeRange,
        response: answers(BackendList),
      },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const now = nowMs()
      const scope = { ...parseRange(request.query, now), application: request.params.application, nowMs: now }
      return known.answer(ask, scope, async (scope) => {
        const list = await backendList(ask, scope)
        if (list.backends.length === 0) await requireApplication(ask, scope.application)
        return list
      })
    },
  )
  app.get(
    '/applications/:application/backend',
    {
      schema: {
        tags,
        params: ApplicationParams,
        querystring: BackendQuery,
        response: answers(CallDetail),
      },
    },
    async (request, reply): Promise<CallDetail> => {
      const ask = asker(store, request, reply)
      const { type, system = '', name = '' } = request.query
      const now = nowMs()
      const range = parseRange(request.query, now)
      const scope = { ...range, application: request.params.application, nowMs: now, type, system, name }
      return known.answer(ask, scope, async (scope) => {
        if (type === 'queue') return queueDetail(ask, scope)
        const recent = { ...scope, fromMs: Math.max(range.fromMs, range.toMs - recentMsMax) }
        const [detail, slowest] = await Promise.all([
          callDetail(ask, backendCalls, { scope, narrow: isBackend }),
          ask<SlowCallRow>(slowBackendCallsQuery(recent)),
        ])
        if (detail.red.calls === 0) await requireApplication(ask, scope.application)
        return { ...detail, slowest }
      })
    },
  )
}

type Scope = Range & { readonly application: string; readonly nowMs: number }

/** Who puts messages into it, and who takes them. */
async function queueDetail(
  ask: Ask,
  scope: Scope & { readonly system: string; readonly name: string },
): Promise<CallDetail> {
  const [detail, consumers] = await Promise.all([
    callDetail(ask, queueCalls, { scope, narrow: isQueue(false) }),
    ask<CallFiguresRow>(callFiguresQuery(queueCalls, scope, isQueue(true))),
  ])
  if (detail.red.calls === 0 && consumers.length === 0) await requireApplication(ask, scope.application)
  return { ...detail, consumers: toParts(consumers, (scope.toMs - scope.fromMs) / 60_000) }
}

async function backendList(ask: Ask, scope: Scope): Promise<BackendList> {
  const [called, queues] = await Promise.all([calledBackends(ask, scope), queueBackends(ask, scope)])
  const timeOf = ({ red }: BackendRow) => (red.meanMs ?? 0) * red.calls
  const all = [...called, ...queues].sort((one, other) => timeOf(other) - timeOf(one))
  return { backends: all.slice(0, rowsMax), truncated: all.length > rowsMax }
}

async function calledBackends(ask: Ask, scope: Scope): Promise<BackendRow[]> {
  const minutes = (scope.toMs - scope.fromMs) / 60_000
  const [rows, steps] = await Promise.all([
    ask<BackendCallsRow>(backendsQuery({ ...scope, limit: rowsMax + 1 })),
    ask<BackendStepRow>(backendStepsQuery({ ...scope, stepMs: wholeStepMsOf(scope) })),
  ])
  const callersOf = Map.groupBy(
    rows.filter((row) => row.level === 'caller'),
    keyOf,
  )
  const stepsOf = Map.groupBy(steps, keyOf)
  return rows
    .filter((row) => row.level === 'backend')
    .map((row) => ({
      type: row.type,
      system: row.system,
      name: row.name,
      kind: kindOf(row),
      red: toRed(row, minutes),
      consumed: null,
      consumers: [],
      callers: partsOf(callersOf.get(keyOf(row)) ?? [], minutes),
      spark: minuteSpark(
        (stepsOf.get(keyOf(row)) ?? []).map(({ timeMs, calls }) => ({ timeMs, value: calls })),
        scope,
      ),
    }))
}

async function queueBackends(ask: Ask, scope: Scope): Promise<BackendRow[]> {
  const minutes = (scope.toMs - scope.fromMs) / 60_000
  const [rows, steps] = await Promise.all([
    ask<QueueCallsRow>(queuesQuery({ ...scope, limit: 2 * rowsMax })),
    ask<QueueStepRow>(queueStepsQuery({ ...scope, stepMs: wholeStepMsOf(scope) })),
  ])
  const queueKey = ({ system, name }: { system: string; name: string }) => JSON.stringify([system, name])
  const stepsOf = Map.groupBy(steps, queueKey)
  return [...Map.groupBy(rows, queueKey)].map(([key, of]) => {
    const { system = '', name = '' } = of[0] ?? {}
    const whole = (consumes: boolean) => of.find((row) => row.level === 'queue' && row.consumes === consumes)
    const parts = (consumes: boolean) => of.filter((row) => row.level === 'part' && row.consumes === consumes)
    const taken = whole(true)
    return {
      type: 'queue',
      system,
      name,
      kind: 'queue',
      red: toRed(whole(false), minutes),
      consumed: taken ? toRed(taken, minutes) : null,
      consumers: partsOf(parts(true), minutes),
      callers: partsOf(parts(false), minutes),
      spark: minuteSpark(
        (stepsOf.get(key) ?? []).map(({ timeMs, calls }) => ({ timeMs, value: calls })),
        scope,
      ),
    }
  })
}

const partsOf = (rows: readonly (BackendCallsRow | QueueCallsRow)[], minutes: number) =>
  rows.map((row) => ({ service: row.service, red: toRed(row, minutes) }))

const keyOf = ({ type, system, name }: Pick<BackendStepRow, 'type' | 'system' | 'name'>) =>
  JSON.stringify([type, system, name])

function kindOf({ type, system }: Pick<BackendRow, 'type' | 'system'>): BackendRow['kind'] {
  if (type === 'database') return isCache(system) ? 'cache' : 'database'
  if (system === 'http') return 'http'
  if (system === 'aws-api') return 'cloud'
  return system === '' ? 'other' : 'rpc'
}
