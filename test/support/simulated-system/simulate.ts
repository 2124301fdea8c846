import type { Call, Operation, Pod, Topology } from './topology.ts'

export interface SimulatedSpan {
  readonly traceId: number
  readonly spanId: number
  /** -1: a root. */
  readonly parentId: number
  readonly startMs: number
  readonly durationMs: number
  readonly service: string
  readonly version: string
  readonly pod: string
  readonly operation: string
  readonly kind: 'server' | 'client' | 'producer' | 'consumer'
  readonly failed: boolean
  /** Of calls to backends: `database:SYSTEM:NAME`, `external:HOST`. */
  readonly backend: string
}

/** What is wrong; each says how a figure differs from its usual. */
export interface Fault {
  readonly traffic?: number
  readonly workMs?: (usualMs: number, at: At) => number
  /** Of the way to a callee and back, beside the usual. */
  readonly networkMs?: (at: { readonly caller: At; readonly callee: At }) => number
  readonly backendMs?: (usualMs: number, at: At & { readonly backend: string }) => number
  /** Chance that an operation fails by itself, or a call to a backend does. */
  readonly fails?: (at: At & { readonly backend?: string }) => number
  /** Whether a caller goes on as if nothing had happened. */
  readonly swallows?: (at: At) => boolean
  /** Whether nobody answers at all. */
  readonly gone?: (at: { readonly caller: At; readonly callee: string }) => boolean
  readonly tries?: (at: { readonly caller: At; readonly callee: string }) => number
  readonly times?: (at: At & { readonly call: Call }) => number
}

export interface At {
  readonly service: string
  readonly operation: string
  readonly pod: string
  readonly version: string
}

export interface Simulation {
  readonly topology: Topology
  readonly fromMs: number
  readonly toMs: number
  readonly requestsPerMinute: number
  readonly fault: Fault
  readonly random: () => number
  /** Of the first trace. */
  readonly firstTrace: number
}

const networkMs = 0.8
/** Sigma of the logarithm: a p95 of about 2.3 times the median. */
const spread = 0.5

/** The spans of all requests of a time. Children follow one another; messages are processed a while later. */
export function simulate(of: Simulation): SimulatedSpan[] {
  const spans: SimulatedSpan[] = []
  const requests = Math.round(
    ((of.toMs - of.fromMs) / 60_000) * of.requestsPerMinute * (of.fault.traffic ?? 1),
  )
  for (let index = 0; index < requests; index++) {
    const entry = pick(of.topology.entries, of.random)
    const startMs = micros(of.fromMs + of.random() * (of.toMs - of.fromMs))
    const trace = { traceId: of.firstTrace + index, nextSpan: 0, spans, of }
    serve(trace, { ...entry, kind: 'server', parentId: -1, startMs })
  }
  return spans
}

interface Trace {
  readonly traceId: number
  nextSpan: number
  readonly spans: SimulatedSpan[]
  readonly of: Simulation
}

interface Outcome {
  readonly durationMs: number
  readonly failed: boolean
  readonly at: At
}

function serve(
  trace: Trace,
  what: {
    readonly service: string
    readonly operation: string
    readonly kind: 'server' | 'consumer'
    readonly parentId: number
    readonly startMs: number
  },
): Outcome {
  const { random, fault, topology } = trace.of
  const service = topology.services[what.service]
  const operation = service?.operations[what.operation]
  if (!service || !operation) throw new Error(`no operation ${what.service} ${what.operation}`)
  const pod: Pod = pick(service.pods, random)
  const at: At = { service: what.service, operation: what.operation, pod: pod.name, version: pod.version }
  const spanId = trace.nextSpan++
  const usualMs = logNormal(operation.workMs, random)
  const workMs = fault.workMs?.(usualMs, at) ?? usualMs
  const failsItself = random() < (fault.fails?.(at) ?? 0)
  const firstMs = micros(workMs / 2)
  let nowMs = what.startMs + firstMs
  let failed = failsItself
  for (const call of callsOf(trace, operation, at)) {
    if (failed) break
    const outcome = makeCall(trace, { call, at, parentId: spanId, startMs: nowMs })
    nowMs += outcome.durationMs
    failed = outcome.failed && !(fault.swallows?.(at) ?? false)
  }
  const durationMs = micros(nowMs + workMs - firstMs - what.startMs)
  trace.spans.push({
    ...{ traceId: trace.traceId, spanId, parentId: what.parentId, startMs: what.startMs, durationMs },
    ...at,
    ...{ kind: what.kind, failed, backend: '' },
  })
  return { durationMs, failed, at }
}

function callsOf(trace: Trace, operation: Operation, at: At): Call[] {
  const times = trace.of.fault.times
  return operation.calls.flatMap((call) => Array.from({ length: times?.({ ...at, call }) ?? 1 }, () => call))
}

function makeCall(
  trace: Trace,
  made: { readonly call: Call; readonly at: At; readonly parentId: number; readonly startMs: number },
): { durationMs: number; failed: boolean } {
  const { call, at, parentId, startMs } = made
  const { random, fault } = trace.of
  const add = (
    span: Pick<SimulatedSpan, 'spanId' | 'durationMs' | 'kind' | 'failed' | 'backend'>,
    name: string,
  ) => trace.spans.push({ traceId: trace.traceId, parentId, startMs, ...at, ...span, operation: name })
  if (call.type === 'message') {
    const spanId = trace.nextSpan++
    const queuedMs = micros(20 + random() * 200)
    serve(trace, { ...call, kind: 'consumer', parentId: spanId, startMs: startMs + queuedMs })
    add(
      { spanId, durationMs: 1, kind: 'producer', failed: false, backend: 'queue:kafka:uploads' },
      'send uploads',
    )
    return { durationMs: 1, failed: false }
  }
  if (call.type !== 'tier') {
    const backend = `${call.type}:${call.name}`
    const usualMs = logNormal(call.medianMs, random)
    const durationMs = fault.backendMs?.(usualMs, { ...at, backend }) ?? usualMs
    const failed = random() < (fault.fails?.({ ...at, backend }) ?? 0)
    add({ spanId: trace.nextSpan++, durationMs, kind: 'client', failed, backend }, `call ${call.name}`)
    return { durationMs, failed }
  }
  if (fault.gone?.({ caller: at, callee: call.service })) {
    const refused = {
      durationMs: 1,
      failed: true,
      kind: 'client',
      backend: `external:${call.service}:8080`,
    } as const
    add({ ...refused, spanId: trace.nextSpan++ }, `${call.service}/${call.operation}`)
    return refused
  }
  const tries = Math.max(1, fault.tries?.({ caller: at, callee: call.service }) ?? 1)
  let elapsedMs = 0
  let failed = true
  for (let tried = 0; tried < tries && failed; tried++) {
    const spanId = trace.nextSpan++
    const usualMs = logNormal(networkMs, random)
    const served = serve(trace, {
      ...call,
      kind: 'server',
      parentId: spanId,
      startMs: micros(startMs + elapsedMs + usualMs / 2),
    })
    const wayMs = usualMs + (fault.networkMs?.({ caller: at, callee: served.at }) ?? 0)
    const durationMs = served.durationMs + wayMs
    failed = served.failed
    trace.spans.push({
      ...{ traceId: trace.traceId, spanId, parentId, startMs: startMs + elapsedMs, durationMs },
      ...at,
      ...{ operation: `${call.service}/${call.operation}`, kind: 'client', failed, backend: '' },
    })
    elapsedMs += durationMs
  }
  return { durationMs: elapsedMs, failed }
}

function pick<T extends { readonly share: number }>(from: readonly T[], random: () => number): T {
  let left = random() * from.reduce((sum, one) => sum + one.share, 0)
  for (const one of from) {
    left -= one.share
    if (left < 0) return one
  }
  throw new Error('nothing to choose from')
}

/** By Box and Muller. */
function logNormal(median: number, random: () => number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  return micros(median * Math.exp(spread * normal))
}

/** Whole µs, so that what is stored is what was simulated. */
const micros = (ms: number) => Math.round(ms * 1_000) / 1_000
