import { createHash } from 'node:crypto'
import type { ResourceRow, SpanRow } from '../../../collector/record/span.ts'
import { clusterId, podUid } from './cluster.ts'

/** What the traces add up to, counted while they are made, for tests to compare with. */
export interface TraceFacts {
  readonly traces: number
  /** Distinct spans. */
  readonly spans: number
  /** Calls per edge of the flow map, such as `tier:magnanimo>tier:benigno`. */
  readonly edges: Readonly<Record<string, number>>
  readonly edgeErrors: Readonly<Record<string, number>>
  /** Entry calls per `service` and per `service@version`. */
  readonly calls: Readonly<Record<string, number>>
  readonly errors: Readonly<Record<string, number>>
  /** Of a trace with every hop that continues by parent; one that continues by a link; one with a missing root. */
  readonly sampleTraceId: string
  readonly linkedTraceId: string
  readonly rootlessTraceId: string
}

export interface SeededTraces {
  readonly first: SpanRow[]
  /** The server halves of every tenth trace: inserted after everything else. */
  readonly late: SpanRow[]
  /** Resent spans. */
  readonly duplicates: SpanRow[]
  readonly resources: ResourceRow[]
  readonly facts: TraceFacts
}

const kinds = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const
const hexId = (text: string, bytes: number): Uint8Array =>
  new Uint8Array(createHash('sha256').update(text).digest().subarray(0, bytes))
const traceIdOf = (index: number | string) => hexId(`trace ${index}`, 16)
const zeroSpanId = new Uint8Array(8)
const ms = (value: number): bigint => BigInt(Math.round(value * 1e6))
export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

interface Tier {
  readonly service: string
  readonly version: string
  readonly pods: readonly string[]
}

const magnanimo: Tier = {
  service: 'magnanimo',
  version: '1.4.0',
  pods: ['magnanimo-7d9f-0', 'magnanimo-7d9f-1'],
}
const benigno1: Tier = { service: 'benigno', version: 'v1', pods: ['benigno-v1-5c8b-0', 'benigno-v1-5c8b-1'] }
const benigno2: Tier = { service: 'benigno', version: 'v2', pods: ['benigno-v2-6f77-0'] }
const ordini: Tier = { service: 'ordini', version: 'v1', pods: ['ordini-84d5-0', 'ordini-84d5-1'] }
const spedizioni: Tier = { service: 'spedizioni', version: 'v1', pods: ['spedizioni-66b9-0'] }
const tiers = [magnanimo, benigno1, benigno2, ordini, spedizioni]

/**
 * Trace i of the application `shop`:
 * magnanimo GET /hw2 → benigno GET / (v2 every tenth, errors every twentieth, slow every 25th);
 * every second: → ordini POST /orders → postgresql, and a message to queue `orders`, consumed by spedizioni as a child
 * (i mod 4 = 0) or in a trace of its own with a link (i mod 4 = 2);
 * every fifth: → the uninstrumented host api.pagamenti.example; every 50th: the caller's parent is not stored.
 */
export function seedTraces(range: {
  fromMs: number
  minutes: number
  tracesPerMinute: number
}): SeededTraces {
  const out = { first: [] as SpanRow[], late: [] as SpanRow[], duplicates: [] as SpanRow[] }
  const facts = {
    edges: {} as Record<string, number>,
    edgeErrors: {} as Record<string, number>,
    calls: {} as Record<string, number>,
    errors: {} as Record<string, number>,
  }
  const traces = range.minutes * range.tracesPerMinute
  for (let index = 0; index < traces; index++) {
    addTrace({ index, startMs: range.fromMs + (index * 60_000) / range.tracesPerMinute, out, facts })
  }
  out.duplicates.push(...out.first.filter((_, index) => index % 17 === 0))
  return {
    ...out,
    resources: tiers.flatMap((tier) => tier.pods.map((pod) => resourceRow(tier, pod, range.fromMs))),
    facts: {
      ...facts,
      traces,
      spans: out.first.length + out.late.length,
      sampleTraceId: toHex(traceIdOf(4)),
      linkedTraceId: toHex(traceIdOf('linked 2')),
      rootlessTraceId: toHex(traceIdOf(49)),
    },
  }
}

interface TraceContext {
  readonly index: number
  readonly startMs: number
  readonly out: { first: SpanRow[]; late: SpanRow[] }
  readonly facts: {
    edges: Record<string, number>
    edgeErrors: Record<string, number>
    calls: Record<string, number>
    errors: Record<string, number>
  }
}

function addTrace({ index, startMs, out, facts }: TraceContext): void {
  const failed = index % 20 === 7
  const slow = index % 25 === 3
  const version2 = index % 10 === 0
  const rootless = index % 50 === 49
  const benigno = version2 ? benigno2 : benigno1
  const traceId = traceIdOf(index)
  const tier = (one: Tier) => ({ tier: one, pod: one.pods[index % one.pods.length] ?? '', traceId })
  const spanId = (name: string) => hexId(`span ${index} ${name}`, 8)
  const calleeMs = (slow ? 1_200 : 8) + (index % 7)
  const rootMs = calleeMs + 30
  const status = failed ? 2 : 0
  const httpStatus = failed ? 500 : 200
  const call = (from: string, to: string, error: boolean) => {
    add(facts.edges, `${from}>${to}`, 1)
    add(facts.edgeErrors, `${from}>${to}`, error ? 1 : 0)
  }
  const entry = (of: Tier, error: boolean) => {
    for (const key of [of.service, `${of.service}@${of.version}`]) {
      add(facts.calls, key, 1)
      add(facts.errors, key, error ? 1 : 0)
    }
  }
  const keep = (row: SpanRow) => out.first.push(row)

  keep(
    span({
      ...tier(magnanimo),
      id: spanId('root'),
      parent: rootless ? hexId(`missing ${index}`, 8) : zeroSpanId,
      name: 'GET /hw2',
      kind: kinds.server,
      startMs,
      durationMs: rootMs,
      over: { status, http_method: 'GET', http_route: '/hw2', http_status: httpStatus },
      attributes: {
        'http.request.method': 'GET',
        'http.route': '/hw2',
        'user.tier': index % 3 === 0 ? 'gold' : 'base',
      },
    }),
  )
  entry(magnanimo, failed)
  call('client', 'tier:magnanimo', failed)

  keep(
    span({
      ...tier(magnanimo),
      id: spanId('to benigno'),
      parent: spanId('root'),
      name: 'GET',
      kind: kinds.client,
      startMs: startMs + 1,
      durationMs: calleeMs + 2,
      over: { status, http_method: 'GET', http_status: httpStatus, peer: 'benigno:5000' },
    }),
  )
  const served = span({
    ...tier(benigno),
    id: spanId('benigno'),
    parent: spanId('to benigno'),
    name: 'GET /',
    kind: kinds.server,
    startMs: startMs + 2,
    durationMs: calleeMs,
    over: {
      status,
      http_method: 'GET',
      http_route: '/',
      http_status: httpStatus,
      ...(failed ? thrown(startMs) : {}),
    },
  })
  if (index % 10 === 5) out.late.push({ ...served, received_at: startMs + 300_000 })
  else keep(served)
  entry(benigno, failed)
  call('tier:magnanimo', 'tier:benigno', failed)

  if (index % 2 === 0) addOrder()
  if (index % 5 === 0) {
    keep(
      span({
        ...tier(magnanimo),
        id: spanId('to payments'),
        parent: spanId('root'),
        name: 'POST',
        kind: kinds.client,
        startMs: startMs + calleeMs + 5,
        durationMs: 20,
        over: { http_method: 'POST', http_status: 201, peer: 'api.pagamenti.example:443' },
      }),
    )
    call('tier:magnanimo', 'external:api.pagamenti.example:443', false)
  }

  function addOrder(): void {
    const at = startMs + calleeMs + 4
    keep(
      span({
        ...tier(magnanimo),
        id: spanId('to ordini'),
        parent: spanId('root'),
        name: 'POST',
        kind: kinds.client,
        startMs: at,
        durationMs: 18,
        over: { http_method: 'POST', http_status: 200, peer: 'ordini:5001' },
      }),
    )
    keep(
      span({
        ...tier(ordini),
        id: spanId('ordini'),
        parent: spanId('to ordini'),
        name: 'POST /orders',
        kind: kinds.server,
        startMs: at + 1,
        durationMs: 16,
        over: { http_method: 'POST', http_route: '/orders', http_status: 200 },
      }),
    )
    entry(ordini, false)
    call('tier:magnanimo', 'tier:ordini', false)
    keep(
      span({
        ...tier(ordini),
        id: spanId('postgres'),
        parent: spanId('ordini'),
        name: 'INSERT orders',
        kind: kinds.client,
        startMs: at + 2,
        durationMs: 6,
        over: {
          db_system: 'postgresql',
          db_statement: 'INSERT INTO orders VALUES ($1)',
          peer: 'postgres:5432/shop',
        },
        attributes: { 'db.namespace': 'shop' },
      }),
    )
    call('tier:ordini', 'backend:postgresql:postgres:5432/shop', false)
    keep(
      span({
        ...tier(ordini),
        id: spanId('publish'),
        parent: spanId('ordini'),
        name: 'publish orders',
        kind: kinds.producer,
        startMs: at + 10,
        durationMs: 3,
        over: { messaging_system: 'kafka', messaging_destination: 'orders' },
      }),
    )
    const linked = index % 4 === 2
    keep(
      span({
        ...tier(spedizioni),
        ...(linked ? { traceId: traceIdOf(`linked ${index}`) } : {}),
        id: spanId('consume'),
        parent: linked ? zeroSpanId : spanId('publish'),
        name: 'process orders',
        kind: kinds.consumer,
        startMs: at + 500,
        durationMs: 40,
        over: {
          messaging_system: 'kafka',
          messaging_destination: 'orders',
          ...(linked
            ? {
                links_trace_id: [traceId],
                links_span_id: [spanId('publish')],
                links_trace_state: [''],
                links_attributes: [new Map()],
              }
            : {}),
        },
      }),
    )
    entry(spedizioni, false)
    call('tier:ordini', 'tier:spedizioni', false)
  }
}

function add(counts: Record<string, number>, key: string, by: number): void {
  counts[key] = (counts[key] ?? 0) + by
}

const stack = `StockError: stock service answered 500
    at reserve (/app/stock.js:41:11)
    at order (/app/orders.js:17:5)
    at process.processTicksAndRejections (node:internal/process/task_queues:103:5)`

function thrown(startMs: number): Partial<SpanRow> {
  return {
    status_message: 'stock service answered 500',
    exception_type: 'StockError',
    events_time: [ms(startMs + 3)],
    events_name: ['exception'],
    events_attributes: [
      new Map([
        ['exception.type', 'StockError'],
        ['exception.message', 'stock service answered 500'],
        ['exception.stacktrace', stack],
      ]),
    ],
  }
}

interface SeedSpan {
  readonly tier: Tier
  readonly pod: string
  readonly traceId: Uint8Array
  readonly id: Uint8Array
  readonly parent: Uint8Array
  readonly name: string
  readonly kind: number
  readonly startMs: number
  readonly durationMs: number
  readonly over: Partial<SpanRow>
  readonly attributes?: Readonly<Record<string, string>>
}

function span(of: SeedSpan): SpanRow {
  return {
    trace_id: of.traceId,
    span_id: of.id,
    parent_span_id: of.parent,
    start_time: ms(of.startMs),
    duration_ns: ms(of.durationMs),
    cluster_id: clusterId,
    namespace: 'shop',
    application: 'shop',
    service: of.tier.service,
    version: of.tier.version,
    pod: of.pod,
    operation: of.name,
    kind: of.kind,
    status: 0,
    status_message: '',
    http_method: '',
    http_route: '',
    http_status: 0,
    db_system: '',
    db_statement: '',
    messaging_system: '',
    messaging_destination: '',
    rpc_system: '',
    peer: '',
    exception_type: '',
    attributes: new Map(Object.entries(of.attributes ?? {})),
    resource_id: resourceId(of.pod),
    scope_name: '@opentelemetry/instrumentation-http',
    scope_version: '0.301.0',
    scope_attributes: new Map(),
    schema_url: '',
    trace_state: '',
    flags: 1,
    events_time: [],
    events_name: [],
    events_attributes: [],
    links_trace_id: [],
    links_span_id: [],
    links_trace_state: [],
    links_attributes: [],
    dropped_attributes: 0,
    dropped_events: 0,
    dropped_links: 0,
    clamped: false,
    sidecar: false,
    weight: 1,
    received_at: of.startMs + 2_000,
    batch_id: 'seed',
    ...of.over,
  }
}

const resourceId = (pod: string): bigint => Buffer.from(hexId(`resource ${pod}`, 8)).readBigUInt64LE()

function resourceRow(tier: Tier, pod: string, seenMs: number): ResourceRow {
  return {
    resource_id: resourceId(pod),
    cluster_id: clusterId,
    namespace: 'shop',
    application: 'shop',
    service: tier.service,
    version: tier.version,
    workload_kind: 'Deployment',
    workload: tier.service,
    pod,
    pod_uid: podUid(pod),
    container: tier.service,
    node: 'worker-1',
    attributes: new Map([
      ['service.name', tier.service],
      ['service.version', tier.version],
      ['service.namespace', 'shop'],
      ['k8s.pod.name', pod],
    ]),
    schema_url: '',
    last_seen: seenMs,
  }
}
