import { podOf, services } from '../corpus/services.ts'
import { requestIdKey } from '../corpus/spans.ts'

/**
 * SQL text that makes spans inside the engine, in the order of their time, with the shape of the lean corpus: traces of
 * eight spans, gateway → a → b with a database call in each, twelve attributes a span, twenty services with three pods.
 * Everything follows from the number of the trace, so that every run has the same rows.
 */
export interface GenerateConfig {
  readonly table: string
  /** Numbers of traces: from inclusive, to exclusive, out of `traces` in all. */
  readonly from: number
  readonly to: number
  readonly traces: number
  readonly beginMs: number
  readonly rangeMs: number
}

export const spansPerTrace = 8

export function generateSpansSql({ table, from, to, traces, beginMs, rangeMs }: GenerateConfig): string {
  return `
INSERT INTO ${table} (${columns.map(([name]) => name).join(', ')})
WITH
  ${list(services.map(({ name }) => name))} AS names,
  ${list(services.map(({ namespace }) => namespace))} AS namespaces,
  ${list(services.map(({ version }) => version))} AS versions,
  ${list(services.flatMap((service) => [0, 1, 2].map((replica) => podOf(service, replica))))} AS pods,
  ${list(services.map(({ database }) => database))} AS databases,
  (salt) -> cityHash64(n, salt) AS ofTrace,
  (salt) -> cityHash64(n, i, salt) AS ofSpan,
  (hash) -> hash / 18446744073709551616. AS unit,
  1 + ofTrace(1) % 19 AS a,
  1 + (a + ofTrace(2) % 17) % 19 AS b,
  [0, 0, a, a, a, b, b, b][i + 1] AS at,
  [2, 3, 2, 3, 3, 2, 3, 1][i + 1] AS spanKind,
  [0, a, 0, 0, b, 0, 0, 0][i + 1] AS callee,
  names[at + 1] AS spanService,
  namespaces[at + 1] AS spanNamespace,
  pods[at * 3 + 1 + ofTrace(at + 100) % 3] AS spanPod,
  i IN (3, 6) AS isQuery,
  (ofTrace(3) % 50 = 0) AND i IN (0, 1, 2, 4, 5, 6) AS failed,
  2e6 + 4e7 * exp(2.2 * (unit(ofTrace(4)) + unit(ofTrace(5)) + unit(ofTrace(6)) - 1.5)) AS total,
  [0, 0.02, 0.05, 0.1, 0.32, 0.35, 0.4, 0.72][i + 1] AS shareFrom,
  [1, 0.97, 0.95, 0.3, 0.8, 0.78, 0.7, 0.76][i + 1] AS shareTo,
  ['GET', 'GET', 'GET', 'POST', 'PUT'][1 + ofSpan(7) % 5] AS method,
  concat('/api/', spanService, ['', '/{id}', '/{id}/items', '/search', '/batch', '/{id}/history'][1 + ofSpan(8) % 6]) AS route,
  ['SELECT', 'SELECT', 'SELECT', 'UPDATE', 'INSERT', 'DELETE'][1 + ofSpan(9) % 6] AS queryName,
  concat(spanService, ['', '_items', '_events'][1 + ofSpan(10) % 3]) AS tableName,
  concat(queryName, ' id, state, total FROM ', tableName, ' WHERE id = ? AND tenant = ?') AS statement,
  databases[at + 1] AS database,
  concat(names[callee + 1], '.', namespaces[callee + 1], '.svc') AS calleeAddress,
  toString(toUInt64(1800 * exp(2.2 * (unit(ofSpan(11)) + unit(ofSpan(12)) + unit(ofSpan(13)) - 1.5)))) AS size,
  toString(20 + ofSpan(14) % 32) AS thread,
  if(failed, 500, [200, 200, 200, 200, 201, 204, 304, 404][1 + ofSpan(15) % 8]) AS httpCode,
  ${beginMs} * 1000000 + toInt64(n * (${rangeMs} * 1000000. / ${traces})) AS traceNs,
  traceNs + toInt64(total * shareFrom) + ofSpan(16) % 30000 AS startNs,
  if(i = 0, toUInt64(0), cityHash64(n, [0, 0, 1, 2, 2, 4, 5, 5][i + 1], 20)) AS parent,
  ${attributes} AS spanAttributes
SELECT ${columns.map(([, value]) => value).join(',\n  ')}
FROM (SELECT number AS n, arrayJoin(range(${spansPerTrace})) AS i FROM numbers(${from}, ${to - from}))
SETTINGS max_insert_threads = 2, max_threads = 2`
}

const list = (items: readonly string[]) => `[${items.map((item) => `'${item}'`).join(', ')}]`
const map = (pairs: readonly (readonly [string, string])[]) =>
  `CAST(map(${pairs.map(([key, value]) => `'${key}', ${value}`).join(', ')}), 'Map(LowCardinality(String), String)')`

const serverAttributes = map([
  ['http.request.method', 'method'],
  ['http.route', 'route'],
  ['url.path', "replaceOne(route, '{id}', toString(1 + ofSpan(17) % 50000))"],
  ['url.scheme', "'https'"],
  ['http.response.status_code', 'toString(httpCode)'],
  ['http.response.body.size', 'size'],
  ['server.address', "concat(spanService, '.', spanNamespace, '.svc')"],
  ['server.port', "'8080'"],
  ['network.protocol.version', "'1.1'"],
  ['client.address', "concat('10.42.', toString(ofSpan(18) % 4), '.', toString(1 + ofSpan(19) % 60))"],
  ['user_agent.original', "['okhttp/4.12.0', 'Go-http-client/1.1', 'axios/1.7.9'][1 + ofSpan(21) % 3]"],
  // Only roots have an id of their own; the others share a word, since the keys of a map literal are fixed.
  [requestIdKey, "if(i = 0, lower(hex(ofTrace(22))), 'none')"],
])
const clientAttributes = map([
  ['http.request.method', "'GET'"],
  ['url.full', "concat('http://', calleeAddress, ':8080/api/', toString(1 + ofSpan(17) % 50000))"],
  ['http.response.status_code', 'toString(if(failed, 500, 200))'],
  ['http.response.body.size', 'size'],
  ['server.address', 'calleeAddress'],
  ['server.port', "'8080'"],
  ['network.peer.address', "concat('10.43.', toString(callee), '.', toString(10 + ofSpan(18) % 3))"],
  ['network.peer.port', "'8080'"],
  ['network.protocol.name', "'http'"],
  ['network.protocol.version', "'1.1'"],
  ['thread.id', 'thread'],
  ['code.function.name', "concat(spanService, '.client.', names[callee + 1], '.fetch')"],
])
const databaseAttributes = map([
  ['db.system.name', 'database'],
  ['db.namespace', 'spanService'],
  ['db.collection.name', 'tableName'],
  ['db.operation.name', 'queryName'],
  ['db.query.text', 'statement'],
  ['db.response.returned_rows', 'toString(ofSpan(17) % 40)'],
  ['server.address', "concat(database, '.', spanNamespace, '.svc')"],
  ['server.port', "'5432'"],
  ['network.peer.address', "concat('10.43.0.', toString(at))"],
  ['network.peer.port', "'5432'"],
  ['thread.id', 'thread'],
  ['code.function.name', "concat(spanService, '.repository.', tableName, '.', lower(queryName))"],
])
const internalAttributes = map([
  ['code.function.name', "concat(spanService, '.view.render')"],
  ['code.file.path', "concat('/app/src/', spanService, '/view.ts')"],
  ['code.line.number', 'toString(10 + ofSpan(17) % 200)'],
  ['thread.id', 'thread'],
  ['thread.name', "concat('worker-', thread)"],
  ['app.tenant', "concat('tenant-', toString(ofTrace(23) % 200))"],
  ['app.user.tier', "['free', 'plus', 'business'][1 + ofTrace(24) % 3]"],
  ['app.feature.layout', "['a', 'b'][1 + ofTrace(25) % 2]"],
  ['app.items', 'toString(ofSpan(18) % 60)'],
  ['app.bytes', 'size'],
  ['app.cache.hit', "['true', 'true', 'false'][1 + ofSpan(19) % 3]"],
  ['app.locale', "['en-GB', 'en-US', 'de-DE', 'fr-FR', 'ja-JP'][1 + ofTrace(26) % 5]"],
])
const attributes = `multiIf(spanKind = 2, ${serverAttributes}, spanKind = 1, ${internalAttributes}, isQuery, ${databaseAttributes}, ${clientAttributes})`

/** Columns that are not named stay at their defaults. */
const columns: readonly (readonly [name: string, value: string])[] = [
  ['trace_id', 'sipHash128(n, 27)'],
  ['span_id', 'reinterpretAsFixedString(cityHash64(n, i, 20))'],
  ['parent_span_id', 'reinterpretAsFixedString(parent)'],
  ['start_time', "fromUnixTimestamp64Nano(startNs, 'UTC')"],
  ['duration_ns', 'toUInt64(greatest(2000, total * (shareTo - shareFrom))) + ofSpan(28) % 30000'],
  ['cluster_id', "'bench'"],
  ['namespace', 'spanNamespace'],
  ['application', 'spanNamespace'],
  ['service', 'spanService'],
  ['version', 'versions[at + 1]'],
  ['pod', 'spanPod'],
  [
    'operation',
    "multiIf(spanKind = 2, concat(method, ' ', route), spanKind = 1, concat('render ', spanService), isQuery, concat(queryName, ' ', tableName), 'GET')",
  ],
  ['kind', 'spanKind'],
  ['status', 'if(failed, 2, 0)'],
  ['status_message', "if(failed, 'upstream request failed', '')"],
  ['http_method', "multiIf(spanKind = 2, method, callee != 0, 'GET', '')"],
  ['http_route', "if(spanKind = 2, route, '')"],
  ['http_status', 'multiIf(spanKind = 2, httpCode, callee != 0, if(failed, 500, 200), 0)'],
  ['db_system', "if(isQuery, database, '')"],
  ['db_statement', "if(isQuery, statement, '')"],
  [
    'peer',
    "multiIf(isQuery, concat(database, '.', spanNamespace, '.svc:5432'), callee != 0, concat(calleeAddress, ':8080'), '')",
  ],
  ['attributes', 'spanAttributes'],
  ['resource_id', 'cityHash64(spanPod)'],
  ['scope_name', "'@opentelemetry/instrumentation-http'"],
  ['scope_version', "'0.57.1'"],
  ['flags', '257'],
  // A request of one sender comes every second or so.
  [
    'received_at',
    "fromUnixTimestamp64Milli(intDiv(traceNs, 1000000) + 1000 + toInt64(ofTrace(at + 200) % 500), 'UTC')",
  ],
]
