import type { OtlpSignal } from '../../record/otlp.ts'
import type { Clock } from '../../std/clock.ts'
import { WireError } from '../../wire/proto-reader.ts'
import { createSampler } from '../../wire/rules/sampler.ts'
import { eachSpan } from '../../wire/spans-of.ts'
import { resourceAttributes } from '../../wire/walk-request.ts'
import { createKeptSpans, type KeptSpans, type Surroundings } from './kept-spans.ts'
import { createOperations } from './operations.ts'
import { readSpan, type SpanFacts, withTraceState } from './read-span.ts'

/**
 * Tail sampling, between the spool and the shipper of traces:
 *
 *   spool ──▶ traces, in memory ──age, root's end──▶ decision ──▶ kept spans as batches ──▶ ship
 *     ▲                                                                                      │
 *     └────────────── a batch is acknowledged when all of its spans are decided and shipped ─┘
 *
 * What waits here is in the spool still, so `kill -9` loses nothing: it is read and decided again (what had been shipped of
 * it collapses in the service by trace and span id).
 *
 * - A trace is decided `ageMs` after its first span, or `afterRootMs` after its root has come. Kept as it is: a trace with an
 *   error, with an entry span that is slow for its operation, or of a rare operation. Of the others `ratio` is kept,
 *   consistently by trace id; the spans carry the threshold in their trace state, so that figures which sum weights
 *   stay right.
 * - Later spans of a trace follow its decision while it is remembered: the last `decisionsMax`, ten times the traces in memory.
 * - `bytesMax` of batches whose traces are not all decided, `tracesMax` traces: the oldest traces are decided early, and kept.
 *   While the shipper has not taken `bytesMax` of kept spans nothing is read: the spool holds it.
 */
export interface TailSampler {
  run(signal: AbortSignal): Promise<void>
  next(signal: AbortSignal): Promise<SampledBatch | undefined>
  acknowledge(batch: SampledBatch): void
  /** From now on everything is decided at once, with what is there. */
  hurry(): void
  /** Of traces that are decided from now on. */
  setRatio(ratio: number): void
  state(): TailSamplerState
}

export interface TailSamplerState {
  readonly traces: number
  readonly bytes: number
}

export interface RawBatch {
  readonly id: string
  readonly signal: OtlpSignal
  readonly items: number
  readonly parts: readonly { readonly items: number; readonly namespace?: string }[]
  readonly writtenAtMs: number
  unpack(): Promise<readonly Uint8Array[]>
}

export interface SampledBatch {
  readonly id: string
  readonly signal: OtlpSignal
  readonly parts: readonly { readonly items: number; readonly namespace?: string }[]
  readonly packed: { readonly bytes: Uint8Array; readonly compression: 'identity' }
  unpack(): Promise<readonly Uint8Array[]>
  readonly writtenAtMs: number
  readonly resend: boolean
}

export interface TailSamplerDeps<Raw extends RawBatch> {
  readonly source: {
    next(signal: AbortSignal): Promise<Raw | undefined>
    acknowledge(batch: Raw): void
  }
  readonly clock: Clock
  /** `<agent uid>/<boot id>`. */
  readonly idPrefix: string
  /** Spans that are not kept, told when they leave the spool. */
  readonly onSampledOut: (spans: number) => void
  readonly onDecision: (why: Decision | 'early') => void
}

export interface TailSamplerConfig {
  readonly ratio: number
  readonly slowQuantile: number
  readonly ageMs: number
  readonly afterRootMs: number
  readonly bytesMax: number
  readonly tracesMax?: number
  readonly batchBytesMax?: number
}

export type Decision = 'keep' | 'ratio'

/** A batch of the spool whose spans are not all settled. */
interface Raw<Batch> {
  readonly batch: Batch
  bytes: number
  /** Spans, and one while it is being read. */
  undecided: number
  /** Batches on their way that have spans of it. */
  unshipped: number
  sampledOut: number
}

interface HeldSpan<Batch> {
  readonly bytes: Uint8Array
  readonly facts: SpanFacts
  readonly of: Surroundings
  readonly raw: Raw<Batch>
}

interface Trace<Batch> {
  readonly spans: HeldSpan<Batch>[]
  dueMs: number
  decision: Decision
}

const tickMs = 500
const windowMs = 300_000
const surroundingsMax = 2_000

export function createTailSampler<Batch extends RawBatch>(
  deps: TailSamplerDeps<Batch>,
  config: TailSamplerConfig,
): TailSampler {
  const { source, clock, idPrefix, onSampledOut, onDecision } = deps
  const { ratio, ageMs, afterRootMs, bytesMax, tracesMax = 20_000, batchBytesMax = 1024 * 1024 } = config
  const decisionsMax = 10 * tracesMax
  let sampler = createSampler(ratio)
  const operations = createOperations(config)
  /** In the order of their first spans. */
  const traces = new Map<string, Trace<Batch>>()
  const decisions = new Map<string, Decision>()
  const surroundings = new Map<string, Surroundings>()
  const kept: KeptSpans = createKeptSpans()
  let keptFrom = new Set<Raw<Batch>>()
  const ready: SampledBatch[] = []
  const shipping = new Map<string, ReadonlySet<Raw<Batch>>>()
  let heldBytes = 0
  let readyBytes = 0
  let sequence = 0
  let hurrying = false
  let wakeShipper = () => {}
  let wakeReader = () => {}
  let agedAtMs = clock.monotonicMs()

  async function take(batch: Batch): Promise<void> {
    const raw: Raw<Batch> = { batch, bytes: 0, undecided: 1, unshipped: 0, sampledOut: 0 }
    for (const [index, part] of (await batch.unpack()).entries()) {
      raw.bytes += part.length
      heldBytes += part.length
      const namespace = batch.parts[index]?.namespace
      eachSpan(part, (around, resourceSpans) => {
        const service = resourceAttributes(resourceSpans).get('service.name') ?? ''
        const of = intern({ ...around, namespace, service })
        return (bytes) => {
          raw.undecided++
          takeSpan({ bytes, of, raw })
        }
      })
    }
    raw.undecided--
    settle(raw)
    while (heldBytes > bytesMax || traces.size > tracesMax) if (!decideOldest()) break
    if (hurrying) decideDue(Number.POSITIVE_INFINITY)
  }

  function takeSpan({ bytes, of, raw }: Omit<HeldSpan<Batch>, 'facts'>): void {
    const facts = trySpan(bytes)
    // What is no span is for the service to reject.
    if (!facts) return keep(bytes, of, raw)
    const key = facts.traceId.toString('latin1')
    const before = decisions.get(key)
    const usual = facts.isEntry
      ? operations.observe(`${of.service}\0${facts.name}`, facts.durationNs)
      : undefined
    if (before) return decideSpan({ bytes, facts, of, raw }, before)
    const nowMs = clock.monotonicMs()
    let trace = traces.get(key)
    if (!trace) {
      trace = { spans: [], dueMs: nowMs + ageMs, decision: 'ratio' }
      traces.set(key, trace)
    }
    trace.spans.push({ bytes, facts, of, raw })
    if (facts.isError || usual?.isSlow || usual?.isRare) trace.decision = 'keep'
    if (facts.isRoot) trace.dueMs = Math.min(trace.dueMs, nowMs + afterRootMs)
  }

  function decideOldest(): boolean {
    const [oldest] = traces
    if (!oldest) return false
    const [key, trace] = oldest
    onDecision('early')
    decide(key, trace, 'keep')
    return true
  }

  function decideDue(nowMs: number): void {
    for (const [key, trace] of traces)
      if (trace.dueMs <= nowMs) {
        onDecision(trace.decision)
        decide(key, trace, trace.decision)
      }
  }

  function decide(key: string, { spans }: Trace<Batch>, decision: Decision): void {
    traces.delete(key)
    decisions.set(key, decision)
    for (const oldest of decisions.keys()) {
      if (decisions.size <= decisionsMax) break
      decisions.delete(oldest)
    }
    for (const span of spans) decideSpan(span, decision)
  }

  function decideSpan({ bytes, facts, of, raw }: HeldSpan<Batch>, decision: Decision): void {
    if (decision === 'keep') return keep(bytes, of, raw)
    const sampled = sampler.decide(facts.traceId, 0, facts.traceState)
    if (sampled)
      return keep(
        sampled.traceState === facts.traceState ? bytes : withTraceState(bytes, sampled.traceState),
        of,
        raw,
      )
    raw.sampledOut++
    raw.undecided--
    settle(raw)
  }

  function keep(bytes: Uint8Array, of: Surroundings, raw: Raw<Batch>): void {
    kept.add(bytes, of)
    raw.undecided--
    if (!keptFrom.has(raw)) {
      keptFrom.add(raw)
      raw.unshipped++
    }
    settle(raw)
    if (kept.bytes() >= batchBytesMax) seal()
  }

  /** Kept spans become a batch. */
  function seal(): void {
    if (keptFrom.size === 0) return
    const parts = kept.take()
    const id = `${idPrefix}/sampled-${++sequence}`
    const bytes = Buffer.concat(parts.map((part) => part.bytes))
    ready.push({
      id,
      signal: 'traces',
      parts: parts.map(({ bytes: _, ...about }) => about),
      packed: { bytes, compression: 'identity' },
      unpack: async () => parts.map((part) => part.bytes),
      writtenAtMs: Math.min(...[...keptFrom].map(({ batch }) => batch.writtenAtMs)),
      resend: false,
    })
    readyBytes += bytes.length
    shipping.set(id, keptFrom)
    keptFrom = new Set()
    wakeShipper()
  }

  function settle(raw: Raw<Batch>): void {
    if (raw.undecided > 0) return
    heldBytes -= raw.bytes
    raw.bytes = 0
    if (raw.unshipped > 0) return
    source.acknowledge(raw.batch)
    onSampledOut(raw.sampledOut)
  }

  /** Spans of many requests of one pod travel under one resource. */
  function intern(one: Surroundings): Surroundings {
    const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')
    const key = `${one.namespace}\0${text(one.resource)}\0${text(one.scope)}`
    const known = surroundings.get(key)
    if (known) return known
    if (surroundings.size >= surroundingsMax) surroundings.clear()
    surroundings.set(key, one)
    return one
  }

  async function read(signal: AbortSignal): Promise<void> {
    for (;;) {
      while (readyBytes >= bytesMax && !signal.aborted) await new Promise<void>(untilReader(signal))
      const batch = await source.next(signal)
      if (!batch) return
      await take(batch)
    }
  }

  const untilReader = (signal: AbortSignal) => (resolve: () => void) => {
    wakeReader = resolve
    signal.addEventListener('abort', resolve, { once: true })
  }

  async function tick(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await clock.sleep(tickMs, signal)
      const nowMs = clock.monotonicMs()
      decideDue(hurrying ? Number.POSITIVE_INFINITY : nowMs)
      seal()
      if (nowMs - agedAtMs < windowMs) continue
      agedAtMs = nowMs
      operations.age()
    }
  }

  return {
    async run(signal) {
      await Promise.all([read(signal), tick(signal)])
    },
    async next(signal) {
      while (ready.length === 0 && !signal.aborted)
        await new Promise<void>((resolve) => {
          wakeShipper = resolve
          signal.addEventListener('abort', () => resolve(), { once: true })
        })
      if (signal.aborted) return undefined
      return ready.shift()
    },
    acknowledge({ id, packed }) {
      readyBytes -= packed.bytes.length
      wakeReader()
      for (const raw of shipping.get(id) ?? []) {
        raw.unshipped--
        settle(raw)
      }
      shipping.delete(id)
    },
    setRatio(next) {
      sampler = createSampler(next)
    },
    hurry() {
      hurrying = true
      decideDue(Number.POSITIVE_INFINITY)
      seal()
    },
    state: () => ({ traces: traces.size, bytes: heldBytes + readyBytes }),
  }
}

function trySpan(bytes: Uint8Array): SpanFacts | undefined {
  try {
    return readSpan(bytes)
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}
