import { Type } from 'typebox'
import {
  type AnatomyCallRow,
  type AnatomySpanRow,
  anatomyCallsQuery,
  anatomySpansMax,
  anatomySpansQuery,
  type TransactionScope,
} from '../query/anatomy.ts'
import { anatomyOf } from './anatomy.ts'
import { requireApplication } from './applications.ts'
import { type Ask, asker } from './ask.ts'
import { type ApiDeps, type ApiInstance, ApplicationParams, answers } from './route-types.ts'
import { TransactionAnatomy } from './schema/anatomy.ts'
import { TimeRange } from './schema/common.ts'
import { parseRange } from './time.ts'

const AnatomyQuery = Type.Intersect([
  TimeRange,
  Type.Object({
    service: Type.String({ minLength: 1, maxLength: 253, description: 'the entry tier' }),
    transaction: Type.String({ minLength: 1, maxLength: 400 }),
  }),
])

export function registerTransactionAnatomyRoutes(app: ApiInstance, { store, nowMs }: ApiDeps): void {
  app.get(
    '/applications/:application/transaction-anatomy',
    {
      schema: {
        tags: ['applications'],
        params: ApplicationParams,
        querystring: AnatomyQuery,
        response: answers(TransactionAnatomy),
      },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const { application } = request.params
      const { service, transaction } = request.query
      const scope = { ...parseRange(request.query, nowMs()), application, service, transaction }
      const anatomy = await transactionAnatomy(ask, scope)
      if (anatomy.parts.length === 0) await requireApplication(ask, application)
      return anatomy
    },
  )
}

async function transactionAnatomy(ask: Ask, scope: TransactionScope): Promise<TransactionAnatomy> {
  const calls = await ask<AnatomyCallRow>(anatomyCallsQuery(scope))
  if (calls.length === 0) return anatomyOf(scope.application, [], [])
  const { fromMs, toMs } = scope
  const traceIds = calls.map((call) => call.traceId)
  const spans = await ask<AnatomySpanRow>(anatomySpansQuery({ fromMs, toMs, traceIds }))
  return anatomyOf(scope.application, calls, wholeTraces(spans))
}

/** Of more spans than are read the last trace is not whole. */
function wholeTraces(spans: readonly AnatomySpanRow[]): readonly AnatomySpanRow[] {
  if (spans.length < anatomySpansMax) return spans
  const last = spans.at(-1)?.traceId
  return spans.filter((span) => span.traceId !== last)
}
