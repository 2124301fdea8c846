import type { SpanRow } from '../../../collector/record/span.ts'
import { fieldsOf } from './check-message.ts'
import type { Place } from './decode-request.ts'
import {
  attributesOf,
  believed,
  countedAttributes,
  idOr0,
  isBelievable,
  isId,
  type KeyValue,
  readMessage,
} from './values.ts'

interface Span {
  readonly traceId: Uint8Array
  readonly spanId: Uint8Array
  readonly traceState: string
  readonly parentSpanId: Uint8Array
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: bigint
  readonly endTimeUnixNano: bigint
  readonly attributes: readonly KeyValue[]
  readonly droppedAttributesCount: number
  readonly events: readonly Event[]
  readonly droppedEventsCount: number
  readonly links: readonly Link[]
  readonly droppedLinksCount: number
  readonly status?: { readonly message: string; readonly code: number }
  readonly flags: number
}

interface Event {
  readonly timeUnixNano: bigint
  readonly name: string
  readonly attributes: readonly KeyValue[]
  readonly droppedAttributesCount: number
}

interface Link {
  readonly traceId: Uint8Array
  readonly spanId: Uint8Array
  readonly traceState: string
  readonly attributes: readonly KeyValue[]
  readonly droppedAttributesCount: number
  readonly flags: number
}

const eventsMax = 4_096
const linksMax = 4_096

/** Beyond the limits events and links are counted and not looked at, so that what is in them damages nothing. */
function cutSurplus(bytes: Uint8Array): { kept: Uint8Array; events: number; links: number } {
  const limits = new Map([
    [11, eventsMax],
    [13, linksMax],
  ])
  const counts = new Map<number, number>()
  const fields = fieldsOf(bytes).filter(({ number }) => {
    counts.set(number, (counts.get(number) ?? 0) + 1)
    return (counts.get(number) ?? 0) <= (limits.get(number) ?? Number.POSITIVE_INFINITY)
  })
  const surplus = (number: number) => Math.max(0, (counts.get(number) ?? 0) - (limits.get(number) ?? 0))
  return { kept: Buffer.concat(fields.map(({ raw }) => raw)), events: surplus(11), links: surplus(13) }
}

export function readSpan(bytes: Uint8Array, place: Place): SpanRow | 'rejected' {
  const surplusOf = cutSurplus(bytes)
  const span = readMessage<Span>('Span', surplusOf.kept)
  const parent = span.parentSpanId
  if (!isId(span.traceId, 16) || !isId(span.spanId, 8)) return 'rejected'
  if (parent.length !== 0 && parent.length !== 8) return 'rejected'
  const { attributes, surplus } = attributesOf(span.attributes)
  const { events } = span
  const links = span.links.filter((link) => isId(link.traceId, 16) && isId(link.spanId, 8))
  const linkAttributes = links.map((link) => {
    const map = countedAttributes(link.attributes, link.droppedAttributesCount)
    return link.flags === 0 ? map : map.set('otel.link.flags', String(link.flags))
  })
  const eventAttributes = events.map((one) => countedAttributes(one.attributes, one.droppedAttributesCount))
  const { resource, scope, receivedNs } = place
  const first = (...keys: string[]) =>
    keys.map((key) => attributes.get(key) ?? '').find((text) => text !== '') ?? ''
  const status = first('http.response.status_code', 'http.status_code')
  return {
    trace_id: span.traceId,
    span_id: span.spanId,
    parent_span_id: idOr0(parent, 8),
    ...interval(span, receivedNs),
    cluster_id: resource.cluster_id,
    namespace: resource.namespace,
    application: resource.application,
    service: resource.service,
    version: resource.version,
    pod: resource.pod,
    operation: span.name,
    kind: [1, 2, 3, 4, 5].includes(span.kind) ? span.kind : 0,
    status: [1, 2].includes(span.status?.code ?? 0) ? (span.status?.code ?? 0) : 0,
    status_message: span.status?.message ?? '',
    http_method: first('http.request.method', 'http.method'),
    http_route: first('http.route'),
    http_status:
      status.length === 3 && [...status].every((digit) => digit >= '0' && digit <= '9') ? Number(status) : 0,
    db_system: first('db.system.name', 'db.system'),
    db_statement: first('db.query.text', 'db.statement'),
    messaging_system: first('messaging.system'),
    messaging_destination: first(
      'messaging.destination.template',
      'messaging.destination.name',
      'messaging.destination',
    ),
    rpc_system: first('rpc.system.name', 'rpc.system'),
    peer: [3, 4].includes(span.kind) ? peer(first) : '',
    sidecar: sidecar(first, resource.service),
    exception_type:
      eventAttributes[events.findLastIndex(({ name }) => name === 'exception')]?.get('exception.type') ?? '',
    attributes,
    resource_id: resource.resource_id,
    scope_name: scope.name,
    scope_version: scope.version,
    scope_attributes: scope.attributes,
    schema_url: scope.schemaUrl,
    trace_state: span.traceState,
    flags: span.flags,
    events_time: events.map((one) => believed(one.timeUnixNano, receivedNs)),
    events_name: events.map((one) => one.name),
    events_attributes: eventAttributes,
    links_trace_id: links.map((link) => link.traceId),
    links_span_id: links.map((link) => link.spanId),
    links_trace_state: links.map((link) => link.traceState),
    links_attributes: linkAttributes,
    dropped_attributes: upTo32Bits(span.droppedAttributesCount + surplus),
    dropped_events: upTo32Bits(span.droppedEventsCount + surplusOf.events),
    dropped_links: upTo32Bits(span.droppedLinksCount + surplusOf.links + span.links.length - links.length),
    weight: weight(span.traceState),
    received_at: place.receivedAtMs,
    batch_id: place.batchId,
  }
}

const upTo32Bits = (count: number) => Math.min(count, 2 ** 32 - 1)

/** A bound that cannot be true is the other one, or the receipt; the span lasts 0 then, as one that ends before it starts. */
function interval({ startTimeUnixNano: start, endTimeUnixNano: end }: Span, receivedNs: bigint) {
  const startIsTrue = isBelievable(start, receivedNs)
  const endIsTrue = isBelievable(end, receivedNs)
  if (startIsTrue && endIsTrue && start <= end)
    return { start_time: start, duration_ns: end - start, clamped: false }
  const known = startIsTrue ? start : endIsTrue ? end : receivedNs
  return { start_time: known, duration_ns: 0n, clamped: true }
}

type First = (...keys: string[]) => string

/** The cases of the table in collector/wire/peer.ts, from the most to the least specific. */
function peer(first: First): string {
  const named = first('peer.service', 'service.peer.name')
  const host = named || address(first)
  const under = (...parts: string[]) => parts.filter((part) => part !== '').join('/')
  const database = first('db.namespace', 'db.name')
  const system = first('db.system.name', 'db.system')
  const oneOf = 'redis valkey memcached hazelcast infinispan ehcache aws.elasticache'.split(' ')
  if (oneOf.includes(system)) return host
  if (system !== '') return under(host, database)
  if (first('messaging.system') === 'rabbitmq') {
    const exchange = first('messaging.destination.name', 'messaging.destination')
    const key = first('messaging.rabbitmq.destination.routing_key', 'messaging.rabbitmq.routing_key')
    return under(host, exchange, [exchange, ...exchange.split(':')].includes(key) ? '' : key)
  }
  if (named !== '') return named
  if (first('faas.invoked_name') !== '') return first('faas.invoked_name')
  const resource = first(
    'aws.s3.bucket',
    'aws.dynamodb.table_names',
    'aws.sqs.queue.url',
    'aws.sns.topic.arn',
    'aws.kinesis.stream_name',
    'aws.kinesis.stream.name',
    'aws.lambda.function.name',
    'aws.step_functions.state_machine.arn',
    'aws.secretsmanager.secret.arn',
  )
  if (resource !== '' || first('rpc.system.name', 'rpc.system') === 'aws-api') {
    const method = first('rpc.method').split('/')
    const service = first('rpc.service') || (method.length > 1 && method[method.length - 2]) || 'AWS'
    const unquoted = resource.replace(/^\["?/, '').replace(/"?\]$/, '')
    const [one = ''] = unquoted.split(/","|"?,"?/)
    return under(service, one.split(/[/:]/).at(-1) ?? '')
  }
  return host || first('rpc.service') || database
}

function address(first: First): string {
  const at = (key: string, portKey: string) => {
    const value = first(key)
    if (value === '' || value === '127.0.0.6') return ''
    return first(portKey) === '' ? value : `${value}:${first(portKey)}`
  }
  const found = [at('server.address', 'server.port'), at('net.peer.name', 'net.peer.port')]
  const text = first('url.full') || first('http.url') || first('db.connection_string')
  const url = text.match(/([a-z][a-z0-9+.-]*):\/\/(?:[^/?#;,\s]*@)?([^@/?#;,\s]+)(?=[/?#;,\s]|$)/i)
  if (url) {
    const [, scheme = '', host = ''] = url
    const port = { http: ':80', https: ':443' }[scheme.toLowerCase()] ?? ''
    if (!/^127\.0\.0\.6(:\d+)?$/.test(host))
      found.push((/:\d+$/.test(host) ? host : host + port).toLowerCase())
  }
  found.push(
    first('http.host'),
    at('peer.hostname', 'peer.port'),
    at('network.peer.address', 'network.peer.port'),
    at('net.sock.peer.name', 'net.sock.peer.port'),
    at('net.sock.peer.addr', 'net.sock.peer.port'),
    at('net.peer.ip', 'net.peer.port'),
    at('peer.ipv4', 'peer.port'),
    at('peer.address', ''),
  )
  return found.find((one) => one !== '') ?? ''
}

function sidecar(first: First, service: string): boolean {
  if (service === 'linkerd-proxy') return true
  const node = first('node_id')
  const cluster = first('upstream_cluster')
  if (first('component') !== 'proxy') return false
  if (node.startsWith('sidecar~') || node.startsWith('waypoint~')) return true
  if (node.includes('-sidecar-proxy') || node.includes('/virtualNode/')) return true
  return !node.startsWith('router~') && (cluster.startsWith('inbound|') || cluster.startsWith('outbound|'))
}

/** 2^56 / (2^56 − T), T being the threshold `ot=th:HEX` of the trace state, padded with zeros to 14 digits. */
function weight(traceState: string): number {
  const members = traceState.split(',').map((member) => member.trimStart())
  for (const member of members.filter((one) => one.startsWith('ot='))) {
    const threshold = member
      .slice(3)
      .split(';')
      .findLast((part) => /^th:[0-9a-f]{1,14}(\s|$)/.test(part))
    if (threshold === undefined) continue
    const digits = threshold.slice(3).split(/\s/)[0] ?? ''
    return 2 ** 56 / (2 ** 56 - Number(BigInt(`0x${digits.padEnd(14, '0')}`)))
  }
  return 1
}
