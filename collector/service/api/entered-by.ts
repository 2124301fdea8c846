import {
  type PodEnteredRow,
  podEnteredQuery,
  podTracesMax,
  type TraceEnteredRow,
  traceEnteredQuery,
} from '../query/entered-by.ts'
import { namingOf } from '../query/transaction-naming.ts'
import { asker } from './ask.ts'
import { requireCluster } from './clusters.ts'
import { findPod } from './pods.ts'
import { toRed } from './red.ts'
import { type ApiInstance, answers, PodParams, type RouteDeps, TraceParams } from './route-types.ts'
import { TimeRange } from './schema/common.ts'
import { PodTransactions, TraceTransactions } from './schema/entered-by.ts'
import { TraceDetailQuery } from './schema/routes.ts'
import { parseRange } from './time.ts'
import { findTrace, traceKey } from './traces.ts'
import { readSettings } from './transaction-rules.ts'

/** Traces of a pod are raw spans: of a longer range the last hour. */
const podRangeMsMax = 3_600_000

/** From a trace, and from a pod, to the business transactions that it has to do with. */
export function registerEnteredByRoutes(
  app: ApiInstance,
  { store, transactionSettings, known, nowMs }: RouteDeps,
): void {
  app.get(
    '/traces/:traceId/transactions',
    {
      schema: {
        tags: ['traces'],
        params: TraceParams,
        querystring: TraceDetailQuery,
        response: answers(TraceTransactions),
      },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const key = traceKey(request.params.traceId, request.query.aroundMs)
      const { fromMs, toMs } = await findTrace({ ask, known }, key)
      const naming = namingOf(await readSettings(transactionSettings))
      return { transactions: await ask<TraceEnteredRow>(traceEnteredQuery({ ...key, fromMs, toMs }, naming)) }
    },
  )
  app.get(
    '/clusters/:clusterId/pods/:uid/transactions',
    {
      schema: {
        tags: ['clusters'],
        params: PodParams,
        querystring: TimeRange,
        response: answers(PodTransactions),
      },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const { clusterId, uid } = request.params
      await requireCluster(ask, clusterId)
      const { fromMs, toMs } = parseRange(request.query, nowMs())
      const range = { fromMs: Math.max(fromMs, toMs - podRangeMsMax), toMs }
      const { namespace, name } = await findPod(ask, { fromMs, toMs, clusterId, uid })
      const naming = namingOf(await readSettings(transactionSettings))
      const rows = await ask<PodEnteredRow>(
        podEnteredQuery({ ...range, clusterId, namespace, pod: name }, naming),
      )
      const all = rows.reduce((sum, row) => sum + row.calls, 0)
      return {
        ...range,
        tracesMax: podTracesMax,
        transactions: rows.map((row) => ({
          application: row.application,
          service: row.service,
          transaction: row.transaction,
          known: row.known,
          red: toRed(row, (range.toMs - range.fromMs) / 60_000),
          share: all === 0 ? 0 : row.calls / all,
        })),
      }
    },
  )
}
