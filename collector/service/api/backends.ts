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
import type { SlowCallRow } from '../query/red-rows.ts'
import { requireApplication } from './applications.ts'
import { type Ask, asker } from './ask.ts'
import { callDetail, minuteSpark } from './call-detail.ts'
import { recentMsMax } from './databases.ts'
import { toRed } from './red.ts'
import { type ApiDeps, type ApiInstance, ApplicationParams, answers } from './route-types.ts'
import { BackendList, BackendQuery, type BackendRow } from './schema/backends.ts'
import { CallDetail } from './schema/calls.ts'
import { TimeRange } from './schema/common.ts'
import { parseRange, wholeStepMsOf } from './time.ts'

const rowsMax = 500

export function registerBackendRoutes(app: ApiInstance, { store, nowMs }: ApiDeps): void {
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
      const scope = {
        ...parseRange(request.query, now),
        application: request.params.application,
        nowMs: now,
      }
      const list = await backendList(ask, scope)
      if (list.backends.length === 0) await requireApplication(ask, scope.application)
      return list
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
      const { type, system = '', name } = request.query
      const now = nowMs()
      const range = parseRange(request.query, now)
      const scope = { ...range, application: request.params.application, nowMs: now, type, system, name }
      const recent = { ...scope, fromMs: Math.max(range.fromMs, range.toMs - recentMsMax) }
      const [detail, slowest] = await Promise.all([
        callDetail(ask, backendCalls, { scope, narrow: isBackend }),
        ask<SlowCallRow>(slowBackendCallsQuery(recent)),
      ])
      if (detail.red.calls === 0) await requireApplication(ask, scope.application)
      return { ...detail, slowest }
    },
  )
}

async function backendList(
  ask: Ask,
  scope: Range & { application: string; nowMs: number },
): Promise<BackendList> {
  const minutes = (scope.toMs - scope.fromMs) / 60_000
  const [rows, steps] = await Promise.all([
    ask<BackendCallsRow>(backendsQuery({ ...scope, limit: rowsMax + 1 })),
    ask<BackendStepRow>(backendStepsQuery({ ...scope, stepMs: wholeStepMsOf(scope) })),
  ])
  const backends = rows.filter((row) => row.level === 'backend')
  const callersOf = Map.groupBy(
    rows.filter((row) => row.level === 'caller'),
    keyOf,
  )
  const stepsOf = Map.groupBy(steps, keyOf)
  return {
    backends: backends.slice(0, rowsMax).map((row) => ({
      type: row.type,
      system: row.system,
      name: row.name,
      kind: kindOf(row),
      red: toRed(row, minutes),
      callers: (callersOf.get(keyOf(row)) ?? []).map((caller) => ({
        service: caller.service,
        red: toRed(caller, minutes),
      })),
      spark: minuteSpark(
        (stepsOf.get(keyOf(row)) ?? []).map(({ timeMs, calls }) => ({ timeMs, value: calls })),
        scope,
      ),
    })),
    truncated: backends.length > rowsMax,
  }
}

const keyOf = ({ type, system, name }: Pick<BackendStepRow, 'type' | 'system' | 'name'>) =>
  JSON.stringify([type, system, name])

function kindOf({ type, system }: Pick<BackendRow, 'type' | 'system'>): BackendRow['kind'] {
  if (type === 'database') return isCache(system) ? 'cache' : 'database'
  if (type === 'queue') return 'queue'
  if (system === 'http') return 'http'
  if (system === 'aws-api') return 'cloud'
  return system === '' ? 'other' : 'rpc'
}
