import { endpointColumns } from './endpoint-sql.ts'
import {
  behindSidecars,
  callersOf,
  isPair,
  pairingMarginMs,
  type SpanWindow,
  skewMs,
  spanNumber,
} from './pairing-sql.ts'
import { columnsOf, isEntry, noParent, once } from './span-sql.ts'
import type { Naming } from './transaction-naming.ts'
import { nameOf, needsAttributesOf } from './transaction-rules-sql.ts'
import { defaultName, pathOf, storedAttribute } from './transaction-sql.ts'

/**
 * The entry spans of a window, once each, with
 *   entering     the call comes from outside of its application: its caller is not stored in it
 *   transaction  the name of the business transaction that it is; '' when it does not enter or is excluded
 *   protocol, method, endpoint: the service endpoint that it calls
 */
export const entryColumns =
  'start_time, trace_id, span_id, cluster_id, namespace, application, service, version, pod, operation, kind, status, duration_ns, weight, http_status, exception_type, entering, transaction, protocol, method, endpoint'

/** Who called each, and what an edge to it needs; `paired`: the caller is stored. `linked`: by what it links to, which is not in here. */
export const pairedColumns =
  'messaging_system, messaging_destination, linked, paired, callerApplication, callerService, callerVersion, callerKind, callerNs, callerStatus'

const copied =
  'start_time, trace_id, span_id, parent_span_id, cluster_id, namespace, application, service, version, pod, operation, kind, status, duration_ns, weight, http_status, exception_type, messaging_system, messaging_destination'

/** Consumers are few: only of them are links read. */
export const isLinked = '(kind = 5 AND notEmpty(links_span_id))'

/** Attributes, most of what a span is, are read of the spans alone whose name needs them: PREWHERE sees to that. */
const named = (
  entries: string,
  naming: Naming,
  columns = `${copied}, ${isLinked} AS linked, ${endpointColumns}`,
) => `
  SELECT ${columns}, ${defaultName(undefined)} AS defaultName, ${nameOf(naming, undefined)} AS name
  FROM spans WHERE ${entries} AND NOT (${needsAttributesOf(naming)}) ${once}
  UNION ALL
  SELECT ${columns}, ${defaultName(storedAttribute)} AS defaultName, ${nameOf(naming, storedAttribute)} AS name
  FROM (
    SELECT *, ${pathOf(storedAttribute)} AS httpPath FROM spans PREWHERE ${entries} AND (${needsAttributesOf(naming)}) ${once}
  )`

const unnamed = (entries: string) => `
  SELECT ${copied}, ${isLinked} AS linked, ${endpointColumns}, '' AS name FROM spans WHERE ${entries} ${once}`

/** SQL text: the columns of `entryColumns` and `pairedColumns`. Names are dear to make where attributes are needed: `unnamed` are all ''. */
export function entriesOf(window: SpanWindow, naming: Naming | 'unnamed', condition = 'true'): string {
  const entries = `${isEntry} AND ${condition} AND ${window.own('start_time')}`
  return `
SELECT ${entryColumns.replace('entering, transaction', `own.entering AS entering, if(own.entering, own.name, '') AS transaction`)}, ${pairedColumns}
FROM (
  SELECT
    entry.*, ${isPair('caller', 'entry')} AS paired,
    caller.application AS callerApplication, caller.service AS callerService, caller.version AS callerVersion,
    caller.kind AS callerKind, caller.duration_ns AS callerNs, caller.status AS callerStatus,
    -- A consumer with a link is called by what it links to, as in the questions to raw spans.
    NOT entry.linked AND NOT (paired AND caller.application = entry.application) AS entering
  FROM (${behindSidecars(window, naming === 'unnamed' ? unnamed(entries) : named(entries, naming))}) AS entry
  LEFT ANY JOIN (${callersOf(window, `SELECT ${spanNumber('parent_span_id')} FROM spans WHERE ${entries} AND parent_span_id != ${noParent}`)})
  AS caller ON caller.trace_id = entry.trace_id AND caller.span_id = entry.parent_span_id
) AS own`
}

const ownColumns = entryColumns.replace(', entering, transaction, protocol, method, endpoint', '')

/**
 * SQL text: the columns of `entryColumns` but the endpoint, of `{application:String}` alone. Whether a call enters is then for
 * spans of the application to say, so that those of others are not looked at.
 */
export function entriesOfApplication(window: SpanWindow, naming: Naming, condition = 'true'): string {
  const own = `application = {application:String}`
  const entries = `${isEntry} AND ${own} AND ${condition} AND ${window.own('start_time')}`
  const linked = window.links === false ? 'false' : isLinked
  return `
SELECT
  ${columnsOf('entry', ownColumns)}, NOT entry.linked AND NOT ${isPair('caller', 'entry')} AS entering, if(entering, entry.name, '') AS transaction
FROM (
  SELECT trace_id, span_id, kind, duration_ns, start_time, true AS found FROM spans
  WHERE ${own} AND NOT sidecar AND ${window.around('start_time', pairingMarginMs, skewMs)}
) AS caller
RIGHT ANY JOIN (${behindSidecars(window, named(entries, naming, `${ownColumns}, parent_span_id, ${linked} AS linked`))}) AS entry
ON caller.trace_id = entry.trace_id AND caller.span_id = entry.parent_span_id`
}
