import type { SpanRow } from '../../collector/record/span.ts'

/** Random traces and their ways to the database, all from one seed. */
export interface World {
  /** Each distinct span once. */
  readonly spans: readonly SpanRow[]
  /** What is inserted when, resent spans too: by the time of the insert, each with rows in any order. */
  readonly arrivals: readonly { readonly atMs: number; readonly row: SpanRow }[]
}

export function randomFrom(seed: number) {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (n: number) => Math.floor(next() * n)
  const pick = <T>(values: readonly [T, ...T[]]): T => values[below(values.length)] ?? values[0]
  const bytes = (n: number) => Uint8Array.from({ length: n }, () => 1 + below(255))
  return { next, below, pick, bytes, chance: (p: number) => next() < p }
}
export type Random = ReturnType<typeof randomFrom>

type Tier = readonly [application: string, service: string]
const tiers: readonly [Tier, ...Tier[]] = [
  ['shop', 'web'],
  ['shop', 'cart'],
  ['shop', 'stock'],
  ['billing', 'invoices'],
]
const noId = new Uint8Array(8)
const minute = 60_000

/** `borders` are the times around which traces start: midnight, a full hour. */
export function createWorld(random: Random, borders: readonly [number, ...number[]], traces: number): World {
  const spans: SpanRow[] = []
  for (let index = 0; index < traces; index++) {
    const startMs = random.pick(borders) + random.below(6 * minute) - 3 * minute
    addServer(
      { random, spans },
      { traceId: random.bytes(16), parent: rootOf(random), startMs, tier: random.pick(tiers), depth: 0 },
    )
  }
  return { spans, arrivals: arrivalsOf(random, spans) }
}

/** A root, or a caller that is never stored. */
const rootOf = (random: Random) => (random.chance(0.85) ? noId : random.bytes(8))

interface Builder {
  readonly random: Random
  readonly spans: SpanRow[]
}
interface Place {
  readonly traceId: Uint8Array
  readonly parent: Uint8Array
  readonly startMs: number
  readonly tier: Tier
  readonly depth: number
}

function addServer(builder: Builder, place: Place): void {
  const { random } = builder
  const rpc = random.chance(0.2)
  const route = random.pick(['/a', '/b', ''])
  const id = add(builder, place, {
    kind: 2,
    operation: rpc ? 'pkg.Service/Do' : random.pick(['GET /a', 'GET']),
    ...(rpc ? { rpc_system: 'grpc' } : { http_method: 'GET', http_route: route, http_status: 200 }),
  })
  const calls = place.depth > 2 ? 0 : random.below(4)
  for (let index = 0; index < calls; index++)
    addCall(builder, {
      ...place,
      parent: id,
      startMs: place.startMs + random.below(900),
      depth: place.depth + 1,
    })
}

function addCall(builder: Builder, place: Place): void {
  const { random } = builder
  const other = random.pick(tiers)
  switch (random.below(6)) {
    case 0: {
      const internal = add(builder, place, { kind: 1, operation: 'work' })
      // Straight below a span of another kind: the entry has no client span.
      if (random.chance(0.5)) addServer(builder, { ...place, parent: internal, tier: other })
      return
    }
    case 1: {
      const literal = random.below(1000)
      const table = random.pick(['orders', 'items'])
      add(builder, place, {
        kind: 3,
        operation: 'SELECT',
        db_system: random.pick(['postgresql', 'mysql']),
        db_statement: random.chance(0.8) ? `SELECT * FROM ${table} WHERE id = ${literal}` : '',
        peer: random.pick(['db-1:5432', '']),
        attributes: new Map(random.chance(0.5) ? [['db.namespace', 'main']] : []),
      })
      return
    }
    case 2:
      add(builder, place, {
        kind: 3,
        operation: 'POST',
        http_method: 'POST',
        peer: random.pick(['pay.example:443', '']),
      })
      return
    case 3: {
      // A client that waits for long has its callee start long after it.
      const long = random.chance(0.2)
      const client = add(builder, place, {
        kind: 3,
        operation: 'GET',
        http_method: 'GET',
        peer: 'tier:80',
        ...(long ? { duration_ns: BigInt(200_000_000_000) } : {}),
      })
      const delayMs = long ? random.below(199_000) : random.below(500)
      addServer(builder, {
        ...place,
        parent: addSidecars(builder, { ...place, parent: client }),
        startMs: place.startMs + delayMs - random.below(3),
        tier: other,
      })
      return
    }
    default:
      addMessage(builder, place, other)
  }
}

/** One or more proxies that the call passes through; the span that its callee names as its parent. */
function addSidecars(builder: Builder, place: Place): Uint8Array {
  const { random } = builder
  if (!random.chance(0.4)) return place.parent
  const mesh: Tier = [place.tier[0], `${place.tier[1]}.mesh`]
  let parent = place.parent
  for (const kind of random.pick([[3], [3, 2], [2, 3, 2]]))
    parent = add(builder, { ...place, tier: mesh, parent }, { kind, operation: 'proxy', sidecar: true })
  return parent
}

function addMessage(builder: Builder, place: Place, consumer: Tier): void {
  const { random } = builder
  const messaging = { messaging_system: 'kafka', messaging_destination: random.pick(['orders', 'mails']) }
  const producers = Array.from({ length: 1 + random.below(2) }, (_, index) => {
    const tier = index === 0 ? place.tier : random.pick(tiers)
    return add(builder, { ...place, tier }, { kind: 4, operation: 'publish', ...messaging })
  })
  if (random.chance(0.2)) return
  const startMs = place.startMs + random.below(random.chance(0.5) ? 800 : 9 * minute)
  const how = random.pick(['parent', 'link', 'both', 'nothing'])
  const links = how === 'link' || how === 'both' ? producers : []
  const traceId = how === 'link' || how === 'nothing' ? random.bytes(16) : place.traceId
  add(
    builder,
    {
      ...place,
      startMs,
      tier: consumer,
      traceId,
      parent: how === 'parent' || how === 'both' ? (producers[0] ?? noId) : noId,
    },
    {
      kind: 5,
      operation: 'process',
      ...messaging,
      links_trace_id: links.map(() => place.traceId),
      links_span_id: links,
      links_trace_state: links.map(() => ''),
      links_attributes: links.map(() => new Map()),
    },
  )
}

/** Returns the span's id. */
function add({ random, spans }: Builder, place: Place, over: Partial<SpanRow>): Uint8Array {
  const spanId = random.bytes(8)
  const [application, service] = place.tier
  const thrown = random.chance(0.15) ? random.pick(['TypeError', 'IOError']) : undefined
  spans.push({
    trace_id: place.traceId,
    span_id: spanId,
    parent_span_id: place.parent,
    start_time: BigInt(place.startMs) * 1_000_000n + BigInt(random.below(1_000_000)),
    // Mostly about 100 ms, some far beyond, some stalled.
    duration_ns: BigInt(
      random.chance(0.03)
        ? 50_000_000_000
        : random.chance(0.05)
          ? 900_000_000
          : 90_000_000 + random.below(20_000_000),
    ),
    cluster_id: 'c',
    namespace: application,
    application,
    service,
    version: random.pick(['v1', 'v2', '']),
    pod: `${service}-0`,
    operation: '',
    kind: 0,
    status: random.chance(0.1) ? 2 : 0,
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
    exception_type: thrown ?? '',
    attributes: new Map(),
    resource_id: 1n,
    scope_name: '',
    scope_version: '',
    scope_attributes: new Map(),
    schema_url: '',
    trace_state: '',
    flags: 1,
    events_time: thrown ? [BigInt(place.startMs) * 1_000_000n] : [],
    events_name: thrown ? ['exception'] : [],
    events_attributes: thrown
      ? [
          new Map([
            ['exception.type', thrown],
            ['exception.message', `failed ${random.below(100)}`],
            [
              'exception.stacktrace',
              `${thrown}: failed\n    at ${random.pick(['f', 'g'])} (a.js:${random.below(50)}:1)\n    at main (b.js:2:3)`,
            ],
          ]),
        ]
      : [],
    links_trace_id: [],
    links_span_id: [],
    links_trace_state: [],
    links_attributes: [],
    dropped_attributes: 0,
    dropped_events: 0,
    dropped_links: 0,
    clamped: false,
    sidecar: false,
    // Sums of these are exact in floating point.
    weight: random.pick([1, 1, 2, 4, 1.5]),
    received_at: 0,
    batch_id: '',
    ...over,
  })
  return spanId
}

/**
 * A span is sent when it ends, sometimes up to 15 minutes later, and sometimes again. In some worlds that is so rare that a
 * minute is touched again by the other half of one call alone.
 */
function arrivalsOf(random: Random, spans: readonly SpanRow[]): { atMs: number; row: SpanRow }[] {
  const rare = random.pick([0, 0.01, 0.03, 0.2])
  const arrivals = spans.flatMap((span) => {
    const endMs = Number((span.start_time + span.duration_ns) / 1_000_000n)
    const atMs = endMs + random.below(10_000) + (random.chance(rare) ? random.below(15 * minute) : 0)
    const times = random.chance(rare) ? [atMs, atMs + random.below(10 * minute)] : [atMs]
    return times.map((time) => ({
      atMs: time,
      // Stamped a little before it is visible.
      row: { ...span, received_at: time - random.below(20_000), batch_id: String(time) },
    }))
  })
  return arrivals.sort((a, b) => a.atMs - b.atMs)
}
