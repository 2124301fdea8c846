import { selfTimeMs } from './trace-summary.ts'
import type { TraceView } from './trace-view.ts'

/** What one trace spent in an operation; zeros where it has no such span. */
export interface OperationCost {
  readonly spans: number
  readonly errors: number
  /** Time in these spans that no child covers; parallel work adds up. */
  readonly ownMs: number
}

export interface OperationDifference {
  readonly key: string
  readonly service: string
  readonly operation: string
  readonly kind: string
  readonly a: OperationCost
  readonly b: OperationCost
  /** Own time of b less that of a. */
  readonly differenceMs: number
}

const nothing: OperationCost = { spans: 0, errors: 0, ownMs: 0 }

/** Both traces by service, operation and kind, what differs most first. The differences add up to that of all own time. */
export function compareOperations(a: TraceView, b: TraceView): OperationDifference[] {
  const [costsA, costsB] = [operationCosts(a), operationCosts(b)]
  const keys = new Set([...costsA.keys(), ...costsB.keys()])
  return [...keys]
    .map((key) => {
      const [service = '', operation = '', kind = ''] = JSON.parse(key) as string[]
      const [costA, costB] = [costsA.get(key) ?? nothing, costsB.get(key) ?? nothing]
      return { key, service, operation, kind, a: costA, b: costB, differenceMs: costB.ownMs - costA.ownMs }
    })
    .sort((x, y) => Math.abs(y.differenceMs) - Math.abs(x.differenceMs) || (x.key < y.key ? -1 : 1))
}

function operationCosts(view: TraceView): Map<string, OperationCost> {
  const costs = new Map<string, OperationCost>()
  for (const node of view.nodes) {
    if (node.type === 'missing') continue
    const { service, operation, kind, status } = node.span
    const key = JSON.stringify([service, operation, kind])
    const before = costs.get(key) ?? nothing
    costs.set(key, {
      spans: before.spans + 1,
      errors: before.errors + Number(status === 'error'),
      ownMs: before.ownMs + selfTimeMs(node),
    })
  }
  return costs
}

export interface FactDifference {
  readonly name: string
  readonly a: string
  readonly b: string
}

/** Different in every pair of traces, and so of no interest. */
const alwaysDifferent = /(^|\.)(pid|thread\.|startup_time|process\.)|trace_?id|span_?id|request_?id|port$/i

/**
 * What is said of the entry span of both and differs, and the versions and pods of each tier that both have. Ids that differ in
 * every pair are left out.
 */
export function differingFacts(a: TraceView, b: TraceView): FactDifference[] {
  const [factsA, factsB] = [factsOf(a), factsOf(b)]
  return [...new Set([...factsA.keys(), ...factsB.keys()])]
    .filter((name) => !alwaysDifferent.test(name) && factsA.get(name) !== factsB.get(name))
    .map((name) => ({ name, a: factsA.get(name) ?? '', b: factsB.get(name) ?? '' }))
}

function factsOf(view: TraceView): Map<string, string> {
  const facts = new Map<string, string>()
  const tiers = Map.groupBy(
    view.nodes.flatMap((node) => (node.type === 'span' ? [node.span] : [])),
    (span) => span.service,
  )
  for (const [service, spans] of [...tiers].sort()) {
    const all = (of: (span: (typeof spans)[number]) => string) =>
      [...new Set(spans.map(of).filter(Boolean))].sort().join(', ')
    facts.set(
      `${service} version`,
      all((span) => span.version),
    )
    facts.set(
      `${service} pod`,
      all((span) => span.pod),
    )
  }
  if (view.main?.type === 'span') {
    const { span } = view.main
    facts.set('status', span.status === 'error' ? `error ${span.statusMessage}`.trim() : 'ok')
    for (const [key, value] of Object.entries(span.attributes).sort()) facts.set(key, value)
  }
  return facts
}
