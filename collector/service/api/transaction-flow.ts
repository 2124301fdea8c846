import { type FlowEdgeRow, groupedEdges } from '../query/flow-map.ts'
import type { TierVersionRow } from '../query/operations.ts'
import type { RedRow } from '../query/red.ts'
import type { EnteredCallRow, FlowCallRow, FlowSpanRow } from '../query/transaction-flow.ts'

interface Found {
  readonly application: string
  readonly entered: readonly Pick<EnteredCallRow, 'traceId' | 'spanId'>[]
  /** All spans of their traces, and of those that linked consumers went on in. */
  readonly spans: readonly FlowSpanRow[]
  readonly calls: readonly FlowCallRow[]
}

/**
 * Edges and tiers of the calls that entered, and of everything below them: what a trace holds beside them (a browser that called
 * two transactions, say) is not theirs. Below a span are those that name it as their parent, and consumers that link to it,
 * where their parent is not stored.
 */
export function transactionFlowOf({ application, entered, spans, calls }: Found): {
  readonly edges: FlowEdgeRow[]
  readonly tiers: TierVersionRow[]
} {
  const reached = spansBelow(entered, spans)
  const edgeCalls = calls.filter((call) => reached.has(keyOf(call)))
  const entries = spans.filter(
    (span) => span.isEntry && span.application === application && reached.has(keyOf(span)),
  )
  return {
    edges: groupedEdges(edgeCalls, redOf),
    tiers: [
      ...tiersBy(entries, (span) => ({ service: span.service, version: '', whole: true })),
      ...tiersBy(entries, ({ service, version }) => ({ service, version, whole: false })),
    ],
  }
}

interface SpanKey {
  readonly traceId: string
  readonly spanId: string
}
const keyOf = ({ traceId, spanId }: SpanKey) => `${traceId}/${spanId}`

function spansBelow(entered: Found['entered'], spans: readonly FlowSpanRow[]): ReadonlySet<string> {
  const stored = new Set(spans.map(keyOf))
  const below = new Map<string, string[]>()
  const add = (above: string, key: string) => {
    const keys = below.get(above)
    if (keys) keys.push(key)
    else below.set(above, [key])
  }
  for (const span of spans) {
    const parent = `${span.traceId}/${span.parentSpanId}`
    if (stored.has(parent)) add(parent, keyOf(span))
    else for (const linked of span.links) add(linked, keyOf(span))
  }
  const reached = new Set<string>()
  const waiting = entered.map(keyOf)
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    // Parents may form a ring.
    if (reached.has(key)) continue
    reached.add(key)
    waiting.push(...(below.get(key) ?? []))
  }
  return reached
}

/** Of each span the nearest above it that entered, itself included; undefined where there is none. */
export function nearestAbove<Entered extends SpanKey>(
  entered: readonly Entered[],
  spans: readonly Pick<FlowSpanRow, 'traceId' | 'spanId' | 'parentSpanId' | 'links'>[],
): (span: SpanKey) => Entered | undefined {
  const enteredBy = new Map(entered.map((one) => [keyOf(one), one]))
  const stored = new Map(spans.map((span) => [keyOf(span), span]))
  return (from) => {
    const passed = new Set<string>()
    for (let key: string | undefined = keyOf(from); key !== undefined && !passed.has(key); ) {
      const found = enteredBy.get(key)
      if (found) return found
      passed.add(key)
      const span = stored.get(key)
      const above: readonly string[] = span ? [`${span.traceId}/${span.parentSpanId}`, ...span.links] : []
      key = above.find((one) => stored.has(one))
    }
    return undefined
  }
}

type Tier = Pick<TierVersionRow, 'service' | 'version' | 'whole'>

function tiersBy(entries: readonly FlowSpanRow[], tierOf: (span: FlowSpanRow) => Tier): TierVersionRow[] {
  return [...Map.groupBy(entries, (span) => JSON.stringify(tierOf(span)))].map(([tier, of]) => ({
    ...(JSON.parse(tier) as Tier),
    nodes: new Set(of.map(({ node }) => node)).size,
    ...redOf(of),
  }))
}

interface Call {
  readonly durationMs: number
  readonly failed: boolean
  readonly weight: number
}

/** The exact figures; a quantile is the shortest duration that so much of the weight does not exceed. */
export function redOf(calls: readonly Call[]): RedRow {
  const sorted = calls.toSorted((a, b) => a.durationMs - b.durationMs)
  const sum = (of: (call: Call) => number) => sorted.reduce((total, call) => total + of(call), 0)
  const weight = sum((call) => call.weight)
  const quantile = (level: number): number | null => {
    let passed = 0
    for (const call of sorted) {
      passed += call.weight
      if (passed >= level * weight) return call.durationMs
    }
    return sorted.at(-1)?.durationMs ?? null
  }
  return {
    calls: weight,
    errors: sum((call) => (call.failed ? call.weight : 0)),
    meanMs: weight === 0 ? null : sum((call) => call.durationMs * call.weight) / weight,
    p50Ms: quantile(0.5),
    p95Ms: quantile(0.95),
    p99Ms: quantile(0.99),
    maxMs: sorted.at(-1)?.durationMs ?? null,
  }
}
