import { spanCountQuery } from '../query/root-cause/cells-sql.ts'
import { describeSlow, describeWhy, slowSpans } from '../query/root-cause/why-slow.ts'
import {
  type OwnTimeRow,
  traceApplicationQuery,
  traceOwnTimesQuery,
  type UsualTimeRow,
  usualTimesQuery,
} from '../query/root-cause/why-slow-sql.ts'
import { defaultNaming } from '../query/transaction-naming.ts'
import { asker } from './ask.ts'
import { type ApiInstance, answers, type RouteDeps, TraceParams } from './route-types.ts'
import { WhySlow } from './schema/root-cause.ts'
import { TraceDetailQuery } from './schema/routes.ts'
import { findTrace, traceKey } from './traces.ts'

const hourMs = 3_600_000
const referenceSpansMax = 150_000
const slowSpansMax = 20

export function registerWhySlowRoute(app: ApiInstance, { store, known }: RouteDeps): void {
  app.get(
    '/traces/:traceId/why',
    {
      schema: {
        tags: ['traces'],
        params: TraceParams,
        querystring: TraceDetailQuery,
        response: answers(WhySlow),
      },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const key = traceKey(request.params.traceId, request.query.aroundMs)
      const { fromMs, toMs } = await findTrace({ ask, known }, key)
      const [first] = await ask<{ application: string }>(traceApplicationQuery({ ...key, fromMs, toMs }))
      const application = first?.application ?? ''
      const reference = { fromMs: fromMs - hourMs, toMs: fromMs }
      const [counted] = await ask<{ spans: number }>(spanCountQuery({ ...reference, application }))
      const scope = { application, service: '', transaction: '', naming: defaultNaming }
      const sample = Math.ceil((counted?.spans ?? 0) / referenceSpansMax) || 1
      const [own, usual] = await Promise.all([
        ask<OwnTimeRow>(traceOwnTimesQuery({ ...scope, ...key, fromMs, toMs, sample: 1 })),
        ask<UsualTimeRow>(usualTimesQuery({ ...scope, ...reference, sample })),
      ])
      const spans = slowSpans(own, usual)
      return {
        reference,
        text: describeWhy(spans, usual.length),
        spans: spans.slice(0, slowSpansMax).map((span) => ({ ...span, text: describeSlow(span) })),
      }
    },
  )
}
