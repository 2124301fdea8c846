import type { Query, Range } from './query.ts'
import { type RedRow, redColumns } from './red.ts'
import { inSpanRange, noParent, pairingMarginMs } from './span-sql.ts'

/**
 * The flow map from raw spans. Both halves of a call are looked up within a margin around the range, so that a call whose
 * halves arrived minutes apart, or that straddles the edge of the range, is one edge:
 *
 *   caller (any span) ──parent_span_id──▶ entry (server, consumer)     an edge between tiers
 *   producer ◀──link── consumer                                        the same, where no parent is stored
 *   client, producer without an entry below it                         an inferred database, queue or external host
 *   entry without a stored caller                                      an edge from `client`, or from its queue
 *
 * An edge counts in the range by the start of the entry; an inferred one by the start of the client span. A synchronous
 * edge has the caller's time and errors (the round trip), an asynchronous one those of the consumer.
 */
export interface FlowEdgeRow extends RedRow {
  /** All calls of one edge; of one caller to anywhere; or to one callee from anywhere (`''` is the open end). */
  readonly grouped: 'edge' | 'caller' | 'callee'
  /** `tier:NAME`, `external:NAME`, `external:APPLICATION/TIER`, `database:SYSTEM:NAME`, `queue:SYSTEM:NAME` or `client`. */
  readonly caller: string
  readonly callee: string
  readonly async: boolean
}

const isMine = (application: string) => `${application} = {application:String}`
const tierId = (application: string, service: string) =>
  `if(${isMine(application)}, concat('tier:', ${service}), concat('external:', ${application}, '/', ${service}))`

const spansNear = `FROM spans WHERE ${inSpanRange('start_time', pairingMarginMs)}`
const callers = `
  SELECT trace_id, span_id, application, service, kind, duration_ns, status
  ${spansNear} AND kind != 5
  LIMIT 1 BY trace_id, span_id`

/** Server and consumer spans of the range with their caller: by parent, else by link; empty where none is stored. */
const entries = `
SELECT
  entry.application AS application, entry.service AS service, entry.kind AS kind,
  entry.messaging_system AS messaging_system, entry.messaging_destination AS messaging_destination,
  entry.weight AS weight, entry.duration_ns AS entryNs, entry.status AS entryStatus,
  multiIf(parent.service != '', parent.application, linked.application) AS callerApplication,
  multiIf(parent.service != '', parent.service, linked.service) AS callerService,
  if(parent.service != '', parent.kind, linked.kind) AS callerKind,
  parent.duration_ns AS callerNs, parent.status AS callerStatus
FROM (
  SELECT trace_id, span_id, parent_span_id, application, service, kind, messaging_system, messaging_destination, duration_ns, status, weight
  FROM spans FINAL
  WHERE kind IN (2, 5) AND ${inSpanRange('start_time')}
) AS entry
LEFT JOIN (${callers}) AS parent ON parent.trace_id = entry.trace_id AND parent.span_id = entry.parent_span_id
LEFT JOIN (
  SELECT trace_id, span_id, application, service, kind FROM (
    SELECT c.trace_id AS trace_id, c.span_id AS span_id, p.application AS application, p.service AS service, p.kind AS kind
    FROM (
      SELECT trace_id, span_id, link.1 AS linkTrace, link.2 AS linkSpan
      FROM spans ARRAY JOIN arrayZip(links_trace_id, links_span_id) AS link
      WHERE kind = 5 AND ${inSpanRange('start_time')}
    ) AS c
    INNER JOIN (${callers}) AS p ON p.trace_id = c.linkTrace AND p.span_id = c.linkSpan
  )
  LIMIT 1 BY trace_id, span_id, application, service
) AS linked ON linked.trace_id = entry.trace_id AND linked.span_id = entry.span_id`

const queueId = "concat('queue:', messaging_system, ':', messaging_destination)"

const betweenTiers = `
SELECT
  multiIf(
    callerService != '', ${tierId('callerApplication', 'callerService')},
    kind = 5 AND messaging_system != '', ${queueId},
    'client'
  ) AS caller,
  ${tierId('application', 'service')} AS callee,
  toBool(kind = 5 OR callerKind = 4) AS async,
  if(async OR callerKind != 3, entryNs, callerNs) AS durationNs,
  if(async OR callerKind != 3, entryStatus, callerStatus) AS outcome,
  weight
FROM (${entries})
WHERE (${isMine('application')} OR ${isMine('callerApplication')})
  -- A server span right below another span of its own tier is one call seen twice, not a call to itself.
  AND NOT (callerService = service AND callerApplication = application AND callerKind NOT IN (3, 4))`

const peerName =
  "multiIf(peer != '', peer, attributes['server.address'] != '', attributes['server.address'], attributes['net.peer.name'])"
const databaseName = `coalesce(nullIf(attributes['db.namespace'], ''), nullIf(attributes['db.name'], ''), nullIf(${peerName}, ''), toString(db_system))`

const toBackends = `
SELECT
  concat('tier:', service) AS caller,
  multiIf(
    db_system != '', concat('database:', db_system, ':', ${databaseName}),
    messaging_system != '', ${queueId},
    ${peerName} != '', concat('external:', ${peerName}),
    'external:unknown host'
  ) AS callee,
  toBool(kind = 4) AS async,
  duration_ns AS durationNs,
  status AS outcome,
  weight
FROM (
  SELECT * FROM spans FINAL
  WHERE kind IN (3, 4) AND ${isMine('application')} AND ${inSpanRange('start_time')}
    AND (trace_id, span_id) NOT IN (
      SELECT trace_id, parent_span_id ${spansNear} AND kind IN (2, 5) AND parent_span_id != ${noParent}
      UNION ALL
      SELECT link.1, link.2 FROM spans ARRAY JOIN arrayZip(links_trace_id, links_span_id) AS link
      WHERE kind = 5 AND ${inSpanRange('start_time', pairingMarginMs)}
    )
)`

export function flowEdgesQuery(scope: Range & { application: string }): Query {
  return {
    sql: `
SELECT
  multiIf(grouping(callee) = 1, 'caller', grouping(caller) = 1, 'callee', 'edge') AS grouped,
  caller, callee, async, ${redColumns('durationNs', 'outcome = 2')}
FROM (${betweenTiers} UNION ALL ${toBackends})
GROUP BY GROUPING SETS ((caller, callee, async), (caller), (callee))
ORDER BY grouped, calls DESC, caller, callee
LIMIT 5000`,
    params: { ...scope },
  }
}
