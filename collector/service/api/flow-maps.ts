import {
  type FlowCellsRow,
  type FlowEdgeRow,
  type FlowScope,
  flowEdgesQueries,
  toFlowEdges,
} from '../query/flow-map.ts'
import { type TierVersionRow, tiersQuery } from '../query/operations.ts'
import type { Range } from '../query/query.ts'
import {
  type EnteredCallRow,
  enteredCallsQuery,
  type FlowCallRow,
  type FlowSpanRow,
  flowCallsQuery,
  flowSpansQuery,
  lastCalledQuery,
  linkingTracesQuery,
  type TransactionFlowScope,
  traceSizesQuery,
} from '../query/transaction-flow.ts'
import { namingOf } from '../query/transaction-naming.ts'
import { requireApplication } from './applications.ts'
import { type Ask, asker } from './ask.ts'
import { type Comparison, parseComparison, usualOfEntities } from './baselines.ts'
import { ApiProblem } from './errors.ts'
import { toFlowMap } from './flow-map.ts'
import { type LinkLimits, linkLimits, withLinked } from './linked-traces.ts'
import { type ApiInstance, ApplicationParams, answers, type RouteDeps } from './route-types.ts'
import { FlowMap, FlowMapQuery } from './schema/applications.ts'
import { parseRange } from './time.ts'
import { transactionFlowOf } from './transaction-flow.ts'
import { readSettings } from './transaction-rules.ts'

/** Of a transaction: its newest calls of the last hour of the range, as many as make so many spans. */
export interface FlowLimits extends LinkLimits {
  readonly msMax: number
  readonly callsMax: number
  readonly spansMax: number
}
const flowLimits: FlowLimits = { msMax: 3_600_000, callsMax: 1_000, spansMax: 50_000, ...linkLimits }

/** Flow maps of an application, of one of its tiers with its neighbours, and of one of its transactions. */
export function registerFlowMapRoutes(
  app: ApiInstance,
  { store, transactionSettings, known, nowMs }: RouteDeps,
): void {
  app.get(
    '/applications/:application/flow-map',
    {
      schema: {
        tags: ['applications'],
        params: ApplicationParams,
        querystring: FlowMapQuery,
        response: answers(FlowMap),
      },
    },
    async (request, reply): Promise<FlowMap> => {
      const ask = asker(store, request, reply)
      const { tier, transaction } = request.query
      const now = nowMs()
      const scope = {
        ...parseRange(request.query, now),
        application: request.params.application,
        nowMs: now,
      }
      if (transaction === undefined) {
        const comparison = parseComparison(request.query)
        return known.answer(ask, { ...scope, tier }, (scope) => flowMap(ask, scope, comparison))
      }
      if (tier === undefined)
        throw new ApiProblem(
          'bad-parameter',
          `cannot draw the transaction ${transaction.slice(0, 80)}: several tiers may have one of this name; give the tier that it enters by`,
        )
      const naming = namingOf(await readSettings(transactionSettings))
      return transactionMap(ask, { ...scope, service: tier, transaction, naming })
    },
  )
}

type Scope = Range & { readonly application: string; readonly nowMs: number }
const minutesOf = ({ fromMs, toMs }: Range) => (toMs - fromMs) / 60_000

async function flowMap(
  ask: Ask,
  { tier, ...scope }: Scope & { readonly tier: string | undefined },
  comparison: Comparison,
): Promise<FlowMap> {
  const { application } = scope
  const [edges, tiers, usualTier, usualEdge] = await Promise.all([
    flowEdges(ask, { ...scope, ...(tier === undefined ? {} : { tier }) }),
    ask<TierVersionRow>(tiersQuery(scope)),
    usualOfEntities(ask, { ...scope, level: 'tier' }, comparison),
    usualOfEntities(ask, { ...scope, level: 'edge' }, comparison),
  ])
  if (edges.length + tiers.length === 0) await requireApplication(ask, application)
  const ends = new Set(edges.flatMap(({ caller, callee }) => [caller, callee]))
  const shown = tiers.filter(
    ({ service }) => tier === undefined || service === tier || ends.has(`tier:${service}`),
  )
  return toFlowMap(edges, shown, minutesOf(scope), {
    tier: (service, red) => usualTier({ application, service }, red),
    edge: ({ caller, callee, async }, red) => usualEdge({ caller, callee, async }, red),
  })
}

export async function flowEdges(ask: Ask, scope: FlowScope): Promise<FlowEdgeRow[]> {
  const parts = await Promise.all(flowEdgesQueries(scope).map((query) => ask<FlowCellsRow>(query)))
  return toFlowEdges(parts.flat(), scope)
}

export async function transactionMap(
  ask: Ask,
  scope: Scope & TransactionFlowScope,
  limits: FlowLimits = flowLimits,
): Promise<FlowMap> {
  const { application, nowMs } = scope
  const { found, recent } = await newestCalls(ask, scope, limits)
  if (found.length === 0) await requireApplication(ask, application)
  const entered = await newestWithin(ask, { range: recent, calls: found.slice(0, limits.callsMax) }, limits)
  const cut = entered.length < found.length
  const { toMs } = recent
  const range = { fromMs: cut ? (entered.at(-1)?.startMs ?? toMs) : recent.fromMs, toMs }
  const linked = await withLinked(ask, linkingTracesQuery, { ...range, traceIds: tracesOf(entered) }, limits)
  const traces = { ...range, traceIds: linked.traceIds }
  const [spans, calls] = await Promise.all([
    ask<FlowSpanRow>(flowSpansQuery(traces, limits.spansMax)),
    ask<FlowCallRow>(flowCallsQuery({ ...traces, application, nowMs }, limits.spansMax)),
  ])
  const { edges, tiers } = transactionFlowOf({ application, entered, spans, calls })
  return {
    ...toFlowMap(edges, tiers, minutesOf(range)),
    sample: {
      ...range,
      calls: entered.length,
      truncated: range.fromMs > scope.fromMs || linked.cut || spans.length === limits.spansMax,
    },
  }
}

/** A busy transaction has enough calls in so short a time, which is found the faster. */
const busyMs = 5 * 60_000

/** Of the last hour of the range; where it was not called in that, of the hour in which it was called last. */
async function newestCalls(
  ask: Ask,
  { fromMs, toMs, application, service, transaction, naming }: TransactionFlowScope,
  { msMax, callsMax }: FlowLimits,
): Promise<{ readonly found: readonly EnteredCallRow[]; readonly recent: Range }> {
  const key = { application, service, transaction, naming }
  const until = async (endMs: number, lengthMs = msMax) => {
    const recent = { fromMs: Math.max(fromMs, endMs - lengthMs), toMs: endMs }
    const found = await ask<EnteredCallRow>(enteredCallsQuery({ ...key, ...recent }, callsMax + 1))
    return { found, recent }
  }
  const busy = await until(toMs, busyMs)
  if (busy.found.length > callsMax) return busy
  const last = await until(toMs)
  if (last.found.length > 0 || last.recent.fromMs === fromMs) return last
  const [called] = await ask<{ untilMs: number }>(lastCalledQuery({ ...key, fromMs, toMs }))
  return called && called.untilMs > 0 ? until(called.untilMs) : last
}

const tracesOf = (calls: readonly EnteredCallRow[]) => [...new Set(calls.map(({ traceId }) => traceId))]

/** The newest calls whose traces have no more spans than are looked at; at least one. */
async function newestWithin(
  ask: Ask,
  { range, calls }: { readonly range: Range; readonly calls: readonly EnteredCallRow[] },
  { spansMax }: FlowLimits,
): Promise<readonly EnteredCallRow[]> {
  if (calls.length === 0) return []
  const sizes = await ask<{ traceId: string; spans: number }>(
    traceSizesQuery({ ...range, traceIds: tracesOf(calls) }),
  )
  const spansOf = new Map(sizes.map(({ traceId, spans }) => [traceId, spans]))
  let spans = 0
  for (const [index, { traceId }] of calls.entries()) {
    spans += spansOf.get(traceId) ?? 0
    spansOf.delete(traceId)
    if (spans > spansMax && index > 0) return calls.slice(0, index)
  }
  return calls
}
