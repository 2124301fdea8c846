import {
  type CallToRow,
  callsToQuery,
  type EnteredSpanRow,
  enteredSpansQuery,
} from '../query/calling-transactions.ts'
import { pairingMarginMs } from '../query/pairing-sql.ts'
import { type FlowSpanRow, flowSpansQuery, linkedTracesQuery } from '../query/transaction-flow.ts'
import { namingOf } from '../query/transaction-naming.ts'
import { requireApplication } from './applications.ts'
import { asker } from './ask.ts'
import { recentMsMax } from './databases.ts'
import { withLinked } from './linked-traces.ts'
import { type ApiDeps, type ApiInstance, ApplicationParams, answers } from './route-types.ts'
import { CallingTransactions, CallingTransactionsQuery } from './schema/entered-by.ts'
import { parseRange } from './time.ts'
import { nearestAbove } from './transaction-flow.ts'
import { readSettings } from './transaction-rules.ts'

const callsMax = 1_000
const spansMax = 50_000
const rowsMax = 50

/** From a statement or a backend to the transactions that call it. */
export function registerCallingTransactionRoutes(
  app: ApiInstance,
  { store, transactionSettings, nowMs }: ApiDeps,
): void {
  app.get(
    '/applications/:application/calling-transactions',
    {
      schema: {
        tags: ['applications'],
        params: ApplicationParams,
        querystring: CallingTransactionsQuery,
        response: answers(CallingTransactions),
      },
    },
    async (request, reply): Promise<CallingTransactions> => {
      const ask = asker(store, request, reply)
      const { type, system = '', name = '', hash = '0' } = request.query
      const { application } = request.params
      const now = nowMs()
      const { fromMs, toMs } = parseRange(request.query, now)
      const range = { fromMs: Math.max(fromMs, toMs - recentMsMax), toMs }
      const found = await ask<CallToRow>(
        callsToQuery({ ...range, application, nowMs: now, type, system, name, hash }, callsMax + 1),
      )
      if (found.length === 0) await requireApplication(ask, application)
      const calls = found.slice(0, callsMax)
      // What entered may have done so before.
      const since = { fromMs: range.fromMs - pairingMarginMs, toMs }
      const { traceIds } = await withLinked(ask, linkedTracesQuery, {
        ...since,
        traceIds: [...new Set(calls.map(({ traceId }) => traceId))],
      })
      const naming = namingOf(await readSettings(transactionSettings))
      const traces = { ...since, traceIds }
      const [entered, spans] = await Promise.all([
        ask<EnteredSpanRow>(enteredSpansQuery({ ...traces, application }, naming)),
        ask<FlowSpanRow>(flowSpansQuery(traces, spansMax)),
      ])
      return {
        ...range,
        calls: calls.length,
        truncated: found.length > callsMax || range.fromMs > fromMs || spans.length === spansMax,
        transactions: rowsOf(calls, nearestAbove(entered, spans)),
      }
    },
  )
}

function rowsOf(
  calls: readonly CallToRow[],
  enteredAbove: (call: CallToRow) => EnteredSpanRow | undefined,
): CallingTransactions['transactions'] {
  const all = calls.reduce((sum, { weight }) => sum + weight, 0)
  const groups = Map.groupBy(calls, (call) => {
    const { service = '', transaction = '' } = enteredAbove(call) ?? {}
    return JSON.stringify([service, transaction])
  })
  return [...groups]
    .map(([key, of]) => {
      const [service, transaction] = JSON.parse(key) as [string, string]
      const weight = of.reduce((sum, call) => sum + call.weight, 0)
      const meanMs = of.reduce((sum, call) => sum + call.durationMs * call.weight, 0) / weight
      return { service, transaction, calls: weight, share: weight / all, meanMs }
    })
    .sort((a, b) => b.calls - a.calls)
    .slice(0, rowsMax)
}
