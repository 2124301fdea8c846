import type { AnatomyCallRow, AnatomySpanRow } from '../query/anatomy.ts'
import type { AnatomyPart, TransactionAnatomy } from './schema/anatomy.ts'

type Pace = AnatomyCallRow['pace']
type Cost = AnatomyPart['normal']

/**
 * Own time by tier and backend: of every span below an entry span the part that no child covers. It counts for the tier; of a
 * client or producer span with no traced callee below it, for the backend. What lies after the entry span's end is late.
 */
export function anatomyOf(
  application: string,
  calls: readonly AnatomyCallRow[],
  spans: readonly AnatomySpanRow[],
): TransactionAnatomy {
  const traces = Map.groupBy(spans, (span) => span.traceId)
  const parts = new Map<string, AnatomyPart>()
  const totals = { normal: { calls: 0, ns: 0 }, slow: { calls: 0, ns: 0 } }
  for (const { traceId, spanId, pace } of calls) {
    const trace = traces.get(traceId) ?? []
    const entry = trace.find((span) => span.spanId === spanId)
    if (!entry) continue
    totals[pace].calls += 1
    totals[pace].ns += entry.durationNs
    addCall({ application, entry, trace, pace, parts })
  }
  const meanOf = (pace: Pace) => ({
    calls: totals[pace].calls,
    meanMs: totals[pace].calls === 0 ? null : toMs(totals[pace].ns / totals[pace].calls),
  })
  const perCall = (cost: Cost, pace: Pace): Cost => {
    const n = Math.max(totals[pace].calls, 1)
    return { calls: cost.calls / n, ownMs: toMs(cost.ownMs / n), lateMs: toMs(cost.lateMs / n) }
  }
  return {
    normal: meanOf('normal'),
    slow: meanOf('slow'),
    parts: [...parts.values()]
      .map((part) => ({
        ...part,
        normal: perCall(part.normal, 'normal'),
        slow: perCall(part.slow, 'slow'),
      }))
      .sort((a, b) => ownOf(b) - ownOf(a) || (a.id < b.id ? -1 : 1)),
  }
}

const ownOf = ({ normal, slow }: AnatomyPart) => Math.max(normal.ownMs, slow.ownMs)
const toMs = (ns: number) => Math.round(ns / 1_000) / 1_000

interface OneCall {
  readonly application: string
  readonly entry: AnatomySpanRow
  readonly trace: readonly AnatomySpanRow[]
  readonly pace: Pace
  /** Summed up in ns until all calls are in. */
  readonly parts: Map<string, AnatomyPart>
}

function addCall({ application, entry, trace, pace, parts }: OneCall): void {
  const children = Map.groupBy(trace, (span) => span.parentSpanId)
  const answeredNs = entry.startNs + entry.durationNs
  const seen = new Set<AnatomySpanRow>()
  const waiting = [entry]
  for (let span = waiting.pop(); span; span = waiting.pop()) {
    // Span ids may repeat, and parents form a ring.
    if (seen.has(span)) continue
    seen.add(span)
    const below = children.get(span.spanId) ?? []
    waiting.push(...below)
    const identity = partOf(application, span, below)
    const part = parts.get(identity.id) ?? { ...identity, normal: noCost(), slow: noCost() }
    parts.set(identity.id, part)
    const cost = part[pace]
    const all = ownNs(span, below, Number.POSITIVE_INFINITY)
    const own = ownNs(span, below, answeredNs)
    cost.ownMs += own
    cost.lateMs += all - own
    const isEntry = span === entry || span.kind === 'server' || span.kind === 'consumer'
    if (isEntry || part.type !== 'tier') cost.calls += 1
  }
}

const noCost = (): Cost => ({ calls: 0, ownMs: 0, lateMs: 0 })

function partOf(
  application: string,
  span: AnatomySpanRow,
  below: readonly AnatomySpanRow[],
): Pick<AnatomyPart, 'id' | 'type' | 'name' | 'system'> {
  const calls = span.kind === 'client' || span.kind === 'producer'
  if (calls && !below.some((child) => child.kind === 'server' || child.kind === 'consumer')) {
    const { backendType: type, backendSystem: system, backendName: name } = span
    return type === 'external'
      ? { id: `external:${name}`, type, name, system }
      : { id: `backend:${system}:${name}`, type, name, system }
  }
  if (span.application === application)
    return { id: `tier:${span.service}`, type: 'tier', name: span.service, system: '' }
  const name = `${span.application}/${span.service}`
  return { id: `external:${name}`, type: 'external', name, system: 'application' }
}

/** Time of the span until `untilNs` that no child covers. */
function ownNs(span: AnatomySpanRow, below: readonly AnatomySpanRow[], untilNs: number): number {
  const endNs = Math.min(span.startNs + span.durationNs, untilNs)
  let covered = 0
  let reached = span.startNs
  for (const child of below.toSorted((a, b) => a.startNs - b.startNs)) {
    const from = Math.max(child.startNs, reached)
    const to = Math.min(child.startNs + child.durationNs, endNs)
    if (to <= from) continue
    covered += to - from
    reached = to
  }
  return Math.max(0, endNs - span.startNs - covered)
}
