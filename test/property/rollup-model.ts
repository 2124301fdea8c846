import type { SpanRow } from '../../collector/record/span.ts'

/**
 * What the rollup tables must hold, computed from distinct spans in plain TypeScript: no word of the SQL. Each table is a list
 * of lines, sorted; a line names its key and figures.
 */
export type Tables = Readonly<Record<string, readonly string[]>>

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const msOf = (span: SpanRow) => Number(span.start_time / 1_000_000n)
const minuteOf = (span: SpanRow) => Math.floor(msOf(span) / 60_000) * 60
const isRoot = (span: SpanRow) => span.parent_span_id.every((byte) => byte === 0)
const idOf = (traceId: Uint8Array, spanId: Uint8Array) => `${hex(traceId)}${hex(spanId)}`

function isPair(caller: SpanRow, callee: SpanRow): boolean {
  const gapMs = msOf(callee) - msOf(caller)
  const lasting = caller.kind === 4 || caller.duration_ns >= 60_000_000_000n
  return gapMs >= -30_000 && (gapMs <= 120_000 || (gapMs <= 600_000 && lasting))
}

interface Call {
  readonly key: string
  readonly ns: number
  readonly failed: boolean
  readonly weight: number
  readonly traceId: string
  readonly class?: string
}
interface Cell {
  calls: number
  errors: number
  sumNs: number
  maxNs: number
  squares: number
  buckets: Map<number, number>
  sample: string
  classes: Record<string, number>
}
export type Cells = Map<string, Cell>

function cellsOf(calls: readonly Call[]): Cells {
  const cells: Cells = new Map()
  for (const { key, ns, failed, weight, traceId, class: name = '' } of calls) {
    const cell = cells.get(key) ?? {
      calls: 0,
      errors: 0,
      sumNs: 0,
      maxNs: 0,
      squares: 0,
      buckets: new Map<number, number>(),
      sample: '',
      classes: {},
    }
    cells.set(key, cell)
    cell.calls += weight
    cell.classes[name] = (cell.classes[name] ?? 0) + weight
    cell.errors += failed ? weight : 0
    cell.sumNs += ns * weight
    cell.squares += (ns / 1e6) ** 2 * weight
    const mark = `${String(ns).padStart(20, '0')} ${traceId}`
    if (mark > cell.sample) cell.sample = mark
    cell.maxNs = Math.max(cell.maxNs, ns)
    const bucket = Math.floor(Math.log2(Math.max(ns, 1)) * 8)
    cell.buckets.set(bucket, (cell.buckets.get(bucket) ?? 0) + weight)
  }
  return cells
}

function lines(cells: Cells, sampled = false): string[] {
  return [...cells]
    .map(([key, cell]) => {
      const buckets = [...cell.buckets].sort(([a], [b]) => a - b)
      const judged = !('' in cell.classes)
      const { slow = 0, 'very slow': verySlow = 0, stall = 0 } = cell.classes
      const classes = judged ? ` ${slow} ${verySlow} ${stall}` : ''
      const sample = sampled ? ` ${cell.sample.slice(21)}` : ''
      return `${key} ${cell.calls} ${cell.errors} ${cell.sumNs} ${cell.maxNs} ${JSON.stringify(buckets)}${sample}${classes}`
    })
    .sort()
}

const callOf = (span: SpanRow, key: readonly unknown[], by: SpanRow = span): Call => ({
  key: key.join('|'),
  ns: Number(by.duration_ns),
  failed: by.status === 2,
  weight: span.weight,
  traceId: hex(span.trace_id),
})

/** Spans of workloads, each called by who stands behind any sidecars. */
function withoutSidecars(spans: readonly SpanRow[]): SpanRow[] {
  const sidecars = new Map(
    spans.filter((span) => span.sidecar).map((span) => [idOf(span.trace_id, span.span_id), span]),
  )
  return spans
    .filter((span) => !span.sidecar)
    .map((span) => {
      let parent = span.parent_span_id
      for (let hop = sidecars.get(idOf(span.trace_id, parent)); hop; )
        [parent, hop] = [hop.parent_span_id, sidecars.get(idOf(span.trace_id, hop.parent_span_id))]
      return { ...span, parent_span_id: parent }
    })
}

/** A root is one by its own parent, whoever stands behind its sidecar. */
export function modelOf(stored: readonly SpanRow[]): Tables {
  const spans = withoutSidecars(stored)
  const byId = new Map(spans.map((span) => [idOf(span.trace_id, span.span_id), span]))
  const parentOf = (span: SpanRow) => byId.get(idOf(span.trace_id, span.parent_span_id))
  const roots = new Set(stored.filter(isRoot).map((span) => idOf(span.trace_id, span.span_id)))
  const entries = spans.filter(
    (span) => span.kind === 2 || span.kind === 5 || roots.has(idOf(span.trace_id, span.span_id)),
  )
  const judged = judge(entries, parentOf)
  const red = judged.map((call) => call.red)
  const transactions = judged.flatMap((call) => call.transaction ?? [])
  const applications = judged.flatMap((call) => call.application ?? [])
  const nodes = judged.map((call) => call.node)
  const edges = edgeCalls(spans, byId)
  const databases = dbCalls(spans)
  const queues = queueCalls(spans)
  const endpoints = entries.map(endpointCall)
  const hourly = (calls: readonly Call[]) =>
    calls.map((call) => {
      const [minute, ...rest] = call.key.split('|')
      return { ...call, key: [Math.floor(Number(minute) / 3_600) * 3_600, ...rest].join('|') }
    })
  return {
    red_1m: lines(cellsOf(red)),
    red_1h: lines(cellsOf(hourly(red.map(withoutTransaction)))),
    transactions_1m: lines(cellsOf(transactions)),
    transactions_1h: lines(cellsOf(hourly(transactions))),
    nodes_1m: lines(cellsOf(nodes)),
    nodes_1h: lines(cellsOf(hourly(nodes))),
    applications_1m: lines(cellsOf(applications)),
    applications_1h: lines(cellsOf(hourly(applications))),
    thresholds_1m: [...new Set(judged.map((call) => call.threshold))].sort(),
    edges_1m: lines(cellsOf(edges)),
    edges_1h: lines(cellsOf(hourly(edges))),
    db_1m: lines(cellsOf(databases), true),
    db_1h: lines(cellsOf(hourly(databases)), true),
    queues_1m: lines(cellsOf(queues), true),
    queues_1h: lines(cellsOf(hourly(queues)), true),
    endpoints_1m: lines(cellsOf(endpoints), true),
    endpoints_1h: lines(cellsOf(hourly(endpoints)), true),
    exceptions_1m: exceptionLines(stored),
    exception_sightings: sightingLines(stored),
    trace_index: traceLines(stored),
    snapshots: snapshotLines(judged),
  }
}

const tierKey = (span: SpanRow) => [
  minuteOf(span),
  span.cluster_id,
  span.namespace,
  span.application,
  span.service,
  span.version,
]

/** What is made of one entry span. */
interface Judged {
  readonly span: SpanRow
  readonly red: Call
  readonly transaction: Call | undefined
  /** When it enters. */
  readonly application: Call | undefined
  readonly node: Call
  readonly threshold: string
  /** Operation, minute and reason. */
  readonly group: string
}

function judge(
  entries: readonly SpanRow[],
  parentOf: (span: SpanRow) => SpanRow | undefined,
): readonly Judged[] {
  const named = entries.map((span) => {
    const caller = parentOf(span)
    const inside = caller && isPair(caller, span) && caller.application === span.application
    const entering = !(span.kind === 5 && span.links_span_id.length > 0) && !inside
    const transaction = entering ? nameOf(span) : ''
    const of = [span.application, span.service, transaction, transaction === '' ? span.operation : ''].join(
      '|',
    )
    return { span, entering, transaction, of }
  })
  const peers = Map.groupBy(named, ({ of }) => of)
  return named.map(({ span, entering, transaction, of }) => {
    const at = minuteOf(span)
    const before = (peers.get(of) ?? [])
      .map((peer) => peer.span)
      .filter((peer) => minuteOf(peer) < at && minuteOf(peer) >= at - 7_200)
    const limits = limitsOf(before)
    const reason = classOf(span, limits)
    const call = (key: readonly unknown[]): Call => ({ ...callOf(span, key), class: reason })
    const place = [span.cluster_id, span.namespace]
    const tier = [at, span.application, span.service]
    const { calls, meanMs, sigmaMs } = limits
    return {
      span,
      red: call([...tierKey(span), span.operation, span.kind, entering, transaction]),
      transaction: transaction === '' ? undefined : call([...tier, transaction, span.version, ...place]),
      application: entering ? callOf(span, [at, span.application]) : undefined,
      node: call([...tier, span.version, ...place, span.pod]),
      threshold: `${at}|${of} ${calls} ${meanMs.toFixed(3)} ${sigmaMs.toFixed(3)}`,
      group: [at, ...place, of, span.operation, span.kind, reason === 'normal' ? 'periodic' : reason].join(
        '|',
      ),
    }
  })
}

/** Only the world's spans. */
function nameOf(span: SpanRow): string {
  if (span.http_route !== '') return `${span.http_method} ${span.http_route}`
  return span.messaging_destination || span.operation
}

function limitsOf(before: readonly SpanRow[]) {
  const sum = (of: (ms: number) => number) =>
    before.reduce((all, span) => all + of(Number(span.duration_ns) / 1e6) * span.weight, 0)
  const calls = sum(() => 1)
  const meanMs = calls === 0 ? 0 : sum((ms) => ms) / calls
  const sigmaMs = calls === 0 ? 0 : Math.sqrt(Math.max(0, sum((ms) => ms * ms) / calls - meanMs ** 2))
  const deviationMs = sigmaMs > meanMs / 2 ? meanMs : Math.max(sigmaMs, meanMs / 100)
  return { calls, meanMs, sigmaMs, above: (times: number) => meanMs + times * deviationMs }
}

function classOf(span: SpanRow, { calls, above }: ReturnType<typeof limitsOf>): string {
  const ms = Number(span.duration_ns) / 1e6
  if (span.status === 2) return 'error'
  if (ms >= 45_000 || (calls >= 30 && ms >= above(300))) return 'stall'
  if (calls < 30 || ms <= above(3)) return 'normal'
  return ms > above(4) ? 'very slow' : 'slow'
}

const withoutTransaction = (call: Call): Call => ({
  ...call,
  key: call.key.slice(0, call.key.lastIndexOf('|')),
})

function edgeCalls(spans: readonly SpanRow[], byId: ReadonlyMap<string, SpanRow>): Call[] {
  const called = new Set<string>()
  const calls: Call[] = []
  for (const span of spans) {
    if (span.kind !== 2 && span.kind !== 5) continue
    const named = [
      idOf(span.trace_id, span.parent_span_id),
      ...span.links_span_id.map((id, index) => idOf(span.links_trace_id[index] ?? id, id)),
    ]
    const found = named.map((id) => {
      const caller = byId.get(id)
      return caller && isPair(caller, span) ? caller : undefined
    })
    for (const [index, caller] of found.entries()) if (caller) called.add(named[index] ?? '')
    const [parent, ...links] = found.map((caller) => (caller?.kind === 5 ? undefined : caller))
    const callers = parent ? [parent] : onePerTier(links.filter((caller) => caller !== undefined))
    for (const caller of callers.length > 0 ? callers : [undefined]) calls.push(...edgeCall(span, caller))
  }
  for (const span of spans)
    if ((span.kind === 3 || span.kind === 4) && !called.has(idOf(span.trace_id, span.span_id)))
      calls.push(backendCall(span))
  return calls
}

function onePerTier(callers: readonly SpanRow[]): SpanRow[] {
  const order = (span: SpanRow) => `${span.version} ${span.kind}`
  const tiers = Map.groupBy(callers, (span) => `${span.application}/${span.service}`)
  return [...tiers.values()].flatMap((same) =>
    same.toSorted((a, b) => (order(a) < order(b) ? -1 : 1)).slice(0, 1),
  )
}

function edgeCall(span: SpanRow, caller: SpanRow | undefined): Call[] {
  const own = caller?.service === span.service && caller.application === span.application
  if (caller && own && caller.kind !== 3 && caller.kind !== 4) return []
  const queue = !caller && span.kind === 5
  const async = span.kind === 5 || caller?.kind === 4
  const from = caller
    ? ['tier', caller.application, caller.service, caller.version]
    : queue
      ? ['queue', '', span.messaging_destination, '']
      : ['client', '', '', '']
  const key = [
    minuteOf(span),
    ...from,
    'tier',
    span.application,
    span.service,
    span.version,
    queue ? span.messaging_system : '',
    span.kind,
    async,
  ]
  return [callOf(span, key, !async && caller?.kind === 3 ? caller : span)]
}

function backendCall(span: SpanRow): Call {
  const to = span.db_system
    ? ['database', '', span.peer || span.db_system, '', span.db_system]
    : span.messaging_system
      ? ['queue', '', span.messaging_destination, '', span.messaging_system]
      : ['external', '', span.peer || 'unknown host', '', span.rpc_system || (span.http_method && 'http')]
  return callOf(span, [
    minuteOf(span),
    'tier',
    span.application,
    span.service,
    span.version,
    ...to,
    span.kind,
    span.kind === 4,
  ])
}

const queueCalls = (spans: readonly SpanRow[]) =>
  spans
    .filter((span) => [3, 4, 5].includes(span.kind) && span.messaging_system !== '')
    .map((span) =>
      callOf(span, [
        minuteOf(span),
        span.application,
        span.service,
        span.version,
        span.messaging_system,
        span.messaging_destination,
        span.kind === 5,
      ]),
    )

const dbCalls = (spans: readonly SpanRow[]) =>
  spans
    .filter((span) => span.kind === 3 && span.db_system !== '')
    .map((span) => {
      const statement = (span.db_statement || span.operation).replace(/\b\d+\b/g, '?')
      return callOf(span, [...tierKey(span), span.db_system, span.peer, statement])
    })

function endpointCall(span: SpanRow): Call {
  const [protocol, method, name] = span.http_method
    ? ['http', span.http_method, span.http_route || span.operation]
    : span.rpc_system
      ? ['rpc', span.rpc_system, span.operation]
      : span.messaging_destination
        ? ['messaging', span.messaging_system, span.messaging_destination]
        : ['other', '', span.operation]
  return callOf(span, [...tierKey(span), protocol, method, name])
}

const framesOf = (event: ReadonlyMap<string, string>) =>
  (event.get('exception.stacktrace') ?? '').split('\n').slice(1).join('\n').replace(/\d+/g, '?')

function sightingLines(spans: readonly SpanRow[]): string[] {
  const seen = new Map<string, number[]>()
  for (const span of spans)
    for (const event of span.events_attributes) {
      const key = [span.application, span.service, span.version, event.get('exception.type'), framesOf(event)]
      seen.set(key.join('|'), [...(seen.get(key.join('|')) ?? []), Math.floor(msOf(span) / 1_000)])
    }
  return [...seen].map(([key, times]) => `${key} ${Math.min(...times)} ${Math.max(...times)}`).sort()
}

function exceptionLines(spans: readonly SpanRow[]): string[] {
  const groups = new Map<string, { count: number; sample: string }>()
  for (const span of spans)
    for (const event of span.events_attributes) {
      const frames = (event.get('exception.stacktrace') ?? '').split('\n').slice(1).join('\n')
      const key = [
        ...tierKey(span),
        span.operation,
        event.get('exception.type'),
        frames.replace(/\d+/g, '?'),
      ].join('|')
      const group = groups.get(key) ?? { count: 0, sample: '' }
      groups.set(key, group)
      group.count += span.weight
      const sample = `${hex(span.trace_id)} ${event.get('exception.message')}`
      if (sample > group.sample) group.sample = sample
    }
  return [...groups].map(([key, { count, sample }]) => `${key} ${count} ${sample}`).sort()
}

function traceLines(spans: readonly SpanRow[]): string[] {
  const rows = Map.groupBy(spans, (span) => `${hex(span.trace_id)} ${minuteOf(span)}`)
  return [...rows]
    .map(([key, own]) => {
      const firstMs = Math.min(...own.map(msOf))
      const lastMs = Math.max(...own.map((span) => Number((span.start_time + span.duration_ns) / 1_000_000n)))
      const root = own.find(isRoot)
      const rootText = root
        ? `${root.service} ${root.operation} ${Number(root.duration_ns / 1_000_000n)}`
        : '  0'
      const errors = own.filter((span) => span.status === 2).length
      return `${key} ${firstMs % 60_000} ${lastMs - firstMs} ${own.length} ${errors} ${rootText}`
    })
    .sort()
}

function snapshotLines(judged: readonly Judged[]): string[] {
  return [...Map.groupBy(judged, ({ group }) => group)]
    .flatMap(([group, own]) => {
      if (group.endsWith('|periodic')) return [`${group} any 1 1`]
      const rank = ({ span }: Judged) =>
        `${String(10n ** 19n - span.duration_ns).padStart(20, '0')} ${hex(span.trace_id)} ${hex(span.span_id)}`
      return own
        .toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1))
        .slice(0, 10)
        .map(({ span }) => `${group} ${hex(span.span_id)} ${own.length} ${Math.min(10, own.length)}`)
    })
    .sort()
}
