import {
  type EndpointCallsRow,
  type EndpointStepRow,
  endpointCalls,
  endpointStepsQuery,
  endpointsQuery,
  isEndpoint,
} from '../query/endpoints.ts'
import type { Range } from '../query/query.ts'
import { requireApplication } from './applications.ts'
import { type Ask, asker } from './ask.ts'
import { callDetail, minuteSpark } from './call-detail.ts'
import { toRed } from './red.ts'
import { type ApiDeps, type ApiInstance, ApplicationParams, answers } from './route-types.ts'
import { CallDetail } from './schema/calls.ts'
import { TimeRange } from './schema/common.ts'
import { EndpointList, EndpointQuery } from './schema/endpoints.ts'
import { parseRange, wholeStepMsOf } from './time.ts'

const rowsMax = 500

export function registerEndpointRoutes(app: ApiInstance, { store, nowMs }: ApiDeps): void {
  const tags = ['applications']
  app.get(
    '/applications/:application/endpoints',
    {
      schema: {
        tags,
        params: ApplicationParams,
        querystring: TimeRange,
        response: answers(EndpointList),
      },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const scope = { ...parseRange(request.query, nowMs()), application: request.params.application }
      const list = await endpointList(ask, scope)
      if (list.endpoints.length === 0) await requireApplication(ask, scope.application)
      return list
    },
  )
  app.get(
    '/applications/:application/endpoint',
    {
      schema: {
        tags,
        params: ApplicationParams,
        querystring: EndpointQuery,
        response: answers(CallDetail),
      },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const { service, protocol, method = '', name = '' } = request.query
      const range = parseRange(request.query, nowMs())
      const { application } = request.params
      const scope = { ...range, application, service, protocol, method, name }
      const detail = await callDetail(ask, endpointCalls, { scope, narrow: isEndpoint })
      if (detail.red.calls === 0) await requireApplication(ask, application)
      return detail
    },
  )
}

async function endpointList(ask: Ask, scope: Range & { application: string }): Promise<EndpointList> {
  const minutes = (scope.toMs - scope.fromMs) / 60_000
  const [rows, steps] = await Promise.all([
    ask<EndpointCallsRow>(endpointsQuery({ ...scope, limit: rowsMax + 1 })),
    ask<EndpointStepRow>(endpointStepsQuery({ ...scope, stepMs: wholeStepMsOf(scope) })),
  ])
  const stepsOf = Map.groupBy(steps, keyOf)
  return {
    endpoints: rows.slice(0, rowsMax).map((row) => ({
      service: row.service,
      protocol: row.protocol,
      method: row.method,
      name: row.name,
      red: toRed(row, minutes),
      versions: [...row.versions],
      sampleTraceId: row.sampleTraceId,
      sampleAtMs: row.sampleAtMs,
      spark: minuteSpark(
        (stepsOf.get(keyOf(row)) ?? []).map(({ timeMs, calls }) => ({ timeMs, value: calls })),
        scope,
      ),
    })),
    truncated: rows.length > rowsMax,
  }
}

const keyOf = (row: Pick<EndpointStepRow, 'service' | 'protocol' | 'method' | 'name'>) =>
  JSON.stringify([row.service, row.protocol, row.method, row.name])
