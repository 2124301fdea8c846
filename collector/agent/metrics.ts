import type { OtlpSignal } from '../record/otlp.ts'
import type { SelfMetrics } from '../std/self-metrics.ts'

/**
 * The agent's metrics about its data path, all names in one place (rendered as `binnacle_agent_<name>[_total]`).
 * Items are spans, log records (also kubernetes records) and data points. At rest, per lane and signal:
 *
 *   items_received + items_recovered = items_shipped + items_rejected + items_dropped + items_sampled + items_queued
 *
 * received: taken in, refused ones too · recovered: found in the spool at start · shipped: the service has them ·
 * rejected: refused with an answer (by us or by the service), `reason` says why · dropped: lost, `reason` says why ·
 * sampled: taken away by tail sampling, kept spans stand for them · queued: in memory or in the spool.
 */
export interface AgentLedger {
  received(at: Place, items: number): void
  recovered(at: Place, items: number): void
  shipped(at: Place, items: number): void
  rejected(at: Place, items: number, reason: RejectReason): void
  dropped(at: Place, items: number, reason: DropReason): void
  sampled(at: Place, items: number): void
  /** A refused item's namespace; only the first `namespacesMax` are told apart. */
  refusedNamespace(namespace: string, items: number): void
  request(signal: OtlpSignal, result: string): void
  /** A request of a pod that was not known when it came. */
  held(outcome: string): void
  attempt(lane: Lane, outcome: string): void
  /** Bodies of requests to the service, compressed. */
  sent(lane: Lane, bytes: number): void
  crashLog(outcome: string): void
  /** Everything so far, for /status. */
  lines(): readonly LedgerLine[]
}

export type Lane = 'kube' | 'metrics' | 'traces' | 'logs'
export interface Place {
  readonly lane: Lane
  readonly signal: OtlpSignal
}
export type RejectReason =
  | 'namespace-not-selected'
  | 'not-kept'
  | 'service-partial-success'
  | 'service-refused'
export type DropReason =
  | 'memory-full'
  | 'scope-stopped'
  | 'opted-out'
  | 'shutdown'
  | 'spool-full'
  | 'spool-damaged'

export interface LedgerLine extends Place {
  readonly received: number
  readonly recovered: number
  readonly shipped: number
  readonly rejected: number
  readonly dropped: number
  readonly sampled: number
  readonly queued: number
}

export interface LaneGauges {
  readonly lane: Lane
  readonly spoolBytes: number
  readonly memoryBytes: number
  readonly oldestMs: number | undefined
  readonly inFlight: number
  readonly damagedSegments: number
  readonly tornBytes: number
  /** Items that wait, by signal. */
  readonly queued: Partial<Record<OtlpSignal, number>>
}

const namespacesMax = 100

type Sums = Omit<LedgerLine, keyof Place | 'queued'>
const zero: Sums = { received: 0, recovered: 0, shipped: 0, rejected: 0, dropped: 0, sampled: 0 }

export function createAgentLedger(
  metrics: SelfMetrics,
  { lanes, nowMs }: { readonly lanes: () => readonly LaneGauges[]; readonly nowMs: () => number },
): AgentLedger {
  const counters = {
    received: metrics.counter('items_received', 'Items taken in, by lane and signal'),
    recovered: metrics.counter('items_recovered', 'Items found in the spool at start'),
    shipped: metrics.counter('items_shipped', 'Items the service has'),
    rejected: metrics.counter('items_rejected', 'Items refused with an answer, by reason'),
    dropped: metrics.counter('items_dropped', 'Items lost, by reason'),
    sampled: metrics.counter('items_sampled', 'Spans that tail sampling took away'),
  }
  const refused = metrics.counter('refused_items', 'Items of namespaces that are not collected, by namespace')
  const requests = metrics.counter('otlp_requests', 'Requests of applications, by signal and result')
  const held = metrics.counter('otlp_late_pods', 'Requests that came before their pod was known, by outcome')
  const attempts = metrics.counter('ship_attempts', 'Requests to the service, by lane and outcome')
  const sent = metrics.counter(
    'shipped_bytes',
    'Bytes of the bodies of requests to the service, compressed, resends too',
  )
  const crashLogs = metrics.counter(
    'crash_logs',
    'Crashed containers whose last lines were asked for, by outcome',
  )
  const namespaces = new Set<string>()
  const sums = new Map<string, Place & Sums>()

  metrics.gauge('items_queued', 'Items in memory or in the spool', () =>
    lanes().flatMap(({ lane, queued }) =>
      Object.entries(queued).map(([signal, items]) => [items, { lane, signal }] as const),
    ),
  )
  metrics.gauge('spool_bytes', 'Bytes of the spool on disk', () =>
    lanes().map(({ lane, spoolBytes }) => [spoolBytes, { lane }] as const),
  )
  metrics.gauge('batch_memory_bytes', 'Bytes that wait in memory for their batch', () =>
    lanes().map(({ lane, memoryBytes }) => [memoryBytes, { lane }] as const),
  )
  metrics.gauge('spool_oldest_seconds', 'Age of the oldest batch that is not delivered; 0: none waits', () =>
    lanes().map(({ lane, oldestMs }) => [ageSeconds(oldestMs, nowMs()), { lane }] as const),
  )
  metrics.gauge('ship_in_flight', 'Batches on their way to the service', () =>
    lanes().map(({ lane, inFlight }) => [inFlight, { lane }] as const),
  )
  metrics.gauge('spool_damaged_segments', 'Segments that could not be read since the start', () =>
    lanes().map(({ lane, damagedSegments }) => [damagedSegments, { lane }] as const),
  )
  metrics.gauge('spool_torn_bytes', 'Bytes of unfinished writes cut off at start', () =>
    lanes().map(({ lane, tornBytes }) => [tornBytes, { lane }] as const),
  )

  function count(
    what: keyof Sums,
    { lane, signal }: Place,
    amount: { items: number; reason?: string },
  ): void {
    const { items, reason } = amount
    if (items === 0) return
    const key = `${lane} ${signal}`
    const before = sums.get(key) ?? { lane, signal, ...zero }
    sums.set(key, { ...before, [what]: before[what] + items })
    counters[what].add(items, { lane, signal, ...(reason === undefined ? {} : { reason }) })
  }

  return {
    received: (at, items) => count('received', at, { items }),
    recovered: (at, items) => count('recovered', at, { items }),
    shipped: (at, items) => count('shipped', at, { items }),
    rejected: (at, items, reason) => count('rejected', at, { items, reason }),
    dropped: (at, items, reason) => count('dropped', at, { items, reason }),
    sampled: (at, items) => count('sampled', at, { items }),
    refusedNamespace(namespace, items) {
      if (namespaces.size < namespacesMax) namespaces.add(namespace)
      refused.add(items, { namespace: namespaces.has(namespace) ? namespace || '(unknown)' : '(other)' })
    },
    request: (signal, result) => requests.add(1, { signal, result }),
    held: (outcome) => held.add(1, { outcome }),
    attempt: (lane, outcome) => attempts.add(1, { lane, outcome }),
    sent: (lane, bytes) => sent.add(bytes, { lane }),
    crashLog: (outcome) => crashLogs.add(1, { outcome }),
    lines() {
      const queued = new Map<string, number>(
        lanes().flatMap(({ lane, queued: items }) =>
          Object.entries(items).map(([signal, count_]) => [`${lane} ${signal}`, count_] as const),
        ),
      )
      return [...sums].map(([key, line]) => ({ ...line, queued: queued.get(key) ?? 0 }))
    },
  }
}

function ageSeconds(sinceMs: number | undefined, nowMs: number): number {
  return sinceMs === undefined ? 0 : Math.max(0, nowMs - sinceMs) / 1_000
}
