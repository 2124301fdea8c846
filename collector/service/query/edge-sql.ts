import { isLinked } from './entry-sql.ts'
import {
  behindSidecars,
  calledFrom,
  callerKey,
  callersOf,
  isPair,
  mayCall,
  type SpanWindow,
  spanNumber,
} from './pairing-sql.ts'
import { columnsOf, once } from './span-sql.ts'

/**
 * The edges of the flow map, one row a call, from raw spans:
 *
 *   caller (any span) ──parent_span_id──▶ entry (server, consumer)     an edge between tiers
 *   producer ◀──link── consumer                                        the same, where no parent is stored
 *   client, producer without an entry below it                         an inferred database, queue or external host
 *   entry without a stored caller                                      an edge from `client`, or from its queue
 *
 * An edge counts by the start of the entry; an inferred one by the start of the client span. A synchronous edge has the
 * caller's time and errors (the round trip), an asynchronous one those of the consumer.
 */
export const edgeKeys =
  'caller_type, caller_application, caller_service, caller_version, callee_type, callee_application, callee_service, callee_version, system, kind, async'

const entryColumns =
  'trace_id, span_id, parent_span_id, start_time, application, service, version, kind, messaging_system, messaging_destination, duration_ns, status, weight'
const entriesIn = (window: SpanWindow, kinds: string, condition: string, traces: string) =>
  behindSidecars(
    window,
    `
  SELECT ${entryColumns}, links_trace_id, links_span_id FROM spans
  PREWHERE ${kinds}
  WHERE ${condition} AND ${traces} AND NOT sidecar AND ${window.own('start_time')}
  ${once}`,
  )

const ownColumns =
  'start_time, application, service, version, kind, messaging_system, messaging_destination, duration_ns, status, weight'
/** An entry with its caller, if that is stored. */
export const callColumns = `${ownColumns}, paired, callerApplication, callerService, callerVersion, callerKind, callerNs, callerStatus`

/** What consumes a message is not who calls the next. */
const notConsumer = 'kind != 5'

/** Entries that can only be called by their parent. They are the smaller side of the join: callers pass by and are not kept. */
const byParent = (window: SpanWindow, traces: string, ids: string) => `
SELECT
  ${columnsOf('entry', `${ids}${ownColumns}`)},
  ${isPair('caller', 'entry')} AS paired, caller.application AS callerApplication, caller.service AS callerService,
  caller.version AS callerVersion, caller.kind AS callerKind, caller.duration_ns AS callerNs, caller.status AS callerStatus
FROM (${mayCall(window, `${notConsumer} AND ${traces}`)}) AS caller
RIGHT ANY JOIN (${entriesIn(window, 'kind IN (2, 5)', `NOT ${isLinked}`, traces)}) AS entry
ON caller.trace_id = entry.trace_id AND caller.span_id = entry.parent_span_id`

/** Consumers with links: called by their parent if it is stored, else by each tier that they link to. In layers, as below. */
const byLink = (window: SpanWindow, traces: string, ids: string) => `
SELECT ${ids}${callColumns} FROM (
  SELECT *, min(rank) OVER (PARTITION BY trace_id, span_id) AS best FROM (
    SELECT
      ${entryColumns}, paired, callerNs, callerStatus,
      if(paired, callerApplicationIs, '') AS callerApplication, if(paired, callerServiceIs, '') AS callerService,
      if(paired, callerVersionIs, '') AS callerVersion, if(paired, callerKindIs, 0) AS callerKind,
      multiIf(NOT paired, 2, ref.2 = parent_span_id AND ref.1 = trace_id, 0, 1) AS rank
    FROM (
      SELECT
        ${columnsOf('entry', entryColumns)},
        entry.ref AS ref, ${isPair('caller', 'entry')} AS paired, caller.application AS callerApplicationIs,
        caller.service AS callerServiceIs, caller.version AS callerVersionIs, caller.kind AS callerKindIs,
        caller.duration_ns AS callerNs, caller.status AS callerStatus
      FROM (
        SELECT ${entryColumns}, arrayJoin(arrayConcat([(trace_id, parent_span_id)], arrayZip(links_trace_id, links_span_id))) AS ref
        FROM (${entriesIn(window, 'kind = 5', 'notEmpty(links_span_id)', traces)})
      ) AS entry
      LEFT ANY JOIN (${callersOf(
        window,
        `
        SELECT ${spanNumber('parent_span_id')} FROM spans PREWHERE kind = 5
        WHERE notEmpty(links_span_id) AND ${traces} AND ${window.own('start_time')}
        UNION ALL
        SELECT ${spanNumber('link.2')} FROM spans ARRAY JOIN arrayZip(links_trace_id, links_span_id) AS link
        PREWHERE kind = 5
        WHERE ${traces} AND ${window.own('start_time')}`,
        `${notConsumer} AND ${traces}`,
      )}) AS caller ON caller.trace_id = entry.ref.1 AND caller.span_id = entry.ref.2
    )
  )
)
WHERE rank = best
ORDER BY trace_id, span_id, callerApplication, callerService, callerVersion, callerKind
LIMIT 1 BY trace_id, span_id, callerApplication, callerService`

/** In layers: ClickHouse looks at an alias, and at all that is below it, anew wherever it is used. */
const betweenTiers = (calls: string, ids: string) => `
SELECT
  ${ids}start_time, caller_type,
  if(paired, toString(callerApplication), '') AS caller_application,
  multiIf(paired, toString(callerService), caller_type = 'queue', toString(messaging_destination), '') AS caller_service,
  if(paired, toString(callerVersion), '') AS caller_version,
  'tier' AS callee_type, toString(application) AS callee_application, toString(service) AS callee_service, toString(version) AS callee_version,
  if(caller_type = 'queue', toString(messaging_system), '') AS system,
  kind, async,
  -- A round trip is measured by the client span alone.
  if(async OR NOT paired OR callerKind != 3, duration_ns, callerNs) AS durationNs,
  if(async OR NOT paired OR callerKind != 3, status, callerStatus) AS outcome,
  weight
FROM (
  SELECT
    *, multiIf(paired, 'tier', kind = 5 AND messaging_system != '', 'queue', 'client') AS caller_type,
    toBool(kind = 5 OR (paired AND callerKind = 4)) AS async
  FROM (${calls})
  -- A server span right below another span of its own tier is one call seen twice, not a call to itself.
  WHERE NOT (paired AND callerService = service AND callerApplication = application AND callerKind NOT IN (3, 4))
)`

/** What a client or producer span calls: names by wire/peer.ts; of most queues the destination, whatever broker has it. */
export const backendType = "multiIf(db_system != '', 'database', messaging_system != '', 'queue', 'external')"
export const backendSystem =
  "toString(multiIf(db_system != '', db_system, messaging_system != '', messaging_system, rpc_system != '', rpc_system, http_method != '', 'http', ''))"
export const backendName = `toString(multiIf(
    db_system != '', if(peer = '', db_system, peer),
    messaging_system != '' AND (messaging_system != 'rabbitmq' OR peer = ''), messaging_destination,
    peer != '', peer,
    'unknown host'
  ))`

/** SQL text: the same as one word, as the flow map's ids: `database:postgresql:shop`, `external:bank.example:443`. */
export const backendId = `if(${backendType} = 'external', concat('external:', ${backendName}), concat(${backendType}, ':', ${backendSystem}, ':', ${backendName}))`

/** SQL text: the calls of tiers to what has no spans of its own, of some traces; `ids` beside the columns of an edge: `trace_id, `. */
export const toBackends = (window: SpanWindow, condition: string, ids = '', traces = 'true'): string => `
SELECT
  ${ids}start_time, 'tier' AS caller_type, toString(application) AS caller_application, toString(service) AS caller_service,
  toString(version) AS caller_version,
  ${backendType} AS callee_type, '' AS callee_application, ${backendName} AS callee_service, '' AS callee_version,
  ${backendSystem} AS system,
  spanKind AS kind, toBool(spanKind = 4) AS async, duration_ns AS durationNs, status AS outcome, weight
FROM (
  SELECT *, kind AS spanKind FROM (
    SELECT
      trace_id, span_id, start_time, application, service, version, db_system, messaging_system, messaging_destination, rpc_system, http_method,
      peer, kind, duration_ns, status, weight
    FROM spans
    WHERE kind IN (3, 4) AND NOT sidecar AND ${window.own('start_time')} AND ${condition} AND ${traces} AND ${callerKey('trace_id', 'span_id')} NOT IN (${calledFrom(window, traces)})
    ${once}
  )
)`

/** A call that was received so lately is not counted yet: its callee may be a tier whose spans are still on their way. */
const settleMs = 15_000
/** SQL text. A database sends no spans, so it is known at once. */
export const isSettled = `(db_system != '' OR toUnixTimestamp64Milli(received_at) < {nowMs:Int64} - ${settleMs})`

interface EdgesOf {
  /** SQL text: only its own, and of calls to backends those that are settled (`{nowMs:Int64}`). */
  readonly application?: string
  /** SQL text: `callColumns` of the entries that are not linked, where they are known already. */
  readonly calls?: string
  /**
   * SQL text of a condition on `trace_id`: the edges within these traces, each with `trace_id` and `span_id` of the entry, or of
   * the client span where the callee sends no spans.
   */
  readonly traces?: string
}

/** SQL text: the edges of the window; `start_time`, the keys, `durationNs`, `outcome`, `weight`. */
export const edgesOf = (window: SpanWindow, only: EdgesOf = {}): string =>
  edgePartsOf(window, only).join('\nUNION ALL ')

/** SQL text: the same in two parts, between tiers and to backends: ClickHouse understands them faster one by one. */
export function edgePartsOf(
  window: SpanWindow,
  { application, calls, traces }: EdgesOf = {},
): readonly [betweenTiers: string, toBackends: string] {
  const mine = application
    ? `WHERE callee_application = ${application} OR caller_application = ${application}`
    : ''
  const ids = traces ? 'trace_id, span_id, ' : ''
  const only = traces ?? 'true'
  const parents = calls ?? byParent(window, only, ids)
  const entries =
    window.links === false ? parents : `${parents} UNION ALL SELECT * FROM (${byLink(window, only, ids)})`
  const settled = application ? `application = ${application} AND ${isSettled}` : 'true'
  return [`SELECT * FROM (${betweenTiers(entries, ids)}) ${mine}`, toBackends(window, settled, ids, only)]
}
