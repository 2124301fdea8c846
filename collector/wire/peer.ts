import { isCache } from '../record/backend.ts'

/**
 * The name of what a client or producer span calls, from attributes of the current and of previous semantic conventions
 * (https://opentelemetry.io/docs/specs/semconv/). Backends with equal names are one:
 *
 *   HTTP, RPC          host:port, else the RPC service
 *   database           host:port/database; the vendor is `db_system`
 *   cache              host:port, whatever database index
 *   RabbitMQ           host:port/exchange/routing key
 *   other messaging    the broker; the queue or topic is `messaging_destination`
 *   AWS                service/bucket, table, queue, topic, stream or function
 *   FaaS               the function
 *
 * `peer.service` (a name that a person gave) stands for the host where it is set.
 */
export type GetAttribute = (key: string) => string | undefined

/** In this order. The columnar decoder reads these itself, and leaves everything else to `peerOf`. */
export const peerNames = ['peer.service', 'service.peer.name']
export const serverAddresses: readonly (readonly [address: string, port: string])[] = [
  ['server.address', 'server.port'],
  ['net.peer.name', 'net.peer.port'],
]
export const databaseNames = ['db.namespace', 'db.name']

/** Addresses that say less than a URL does: of a socket, or of old conventions. */
const socketAddresses: typeof serverAddresses = [
  ['peer.hostname', 'peer.port'],
  ['network.peer.address', 'network.peer.port'],
  ['net.sock.peer.name', 'net.sock.peer.port'],
  ['net.sock.peer.addr', 'net.sock.peer.port'],
  ['net.peer.ip', 'net.peer.port'],
  ['peer.ipv4', 'peer.port'],
  ['peer.address', ''],
]

/** Where Istio's Envoy connects from within a pod: no place of its own. https://istio.io/latest/docs/ops/deployment/application-requirements/ */
export const meshAddress = '127.0.0.6'

/** What is called within AWS, by the service that has it; a value may be a list, a URL or an ARN. */
const awsResources = [
  'aws.s3.bucket',
  'aws.dynamodb.table_names',
  'aws.sqs.queue.url',
  'aws.sns.topic.arn',
  'aws.kinesis.stream_name',
  'aws.kinesis.stream.name',
  'aws.lambda.function.name',
  'aws.step_functions.state_machine.arn',
  'aws.secretsmanager.secret.arn',
]

/** Keys with which a span's peer is more than an address: the columnar decoder then asks `peerOf`. */
export const unusualPeerKeys = [
  ...awsResources,
  'faas.invoked_name',
  'messaging.rabbitmq.destination.routing_key',
  'messaging.rabbitmq.routing_key',
]

/** '': nothing is known of it. */
export function peerOf(get: GetAttribute): string {
  const named = first(get, peerNames)
  const dbSystem = first(get, ['db.system.name', 'db.system'])
  if (dbSystem !== '') {
    const place = named || addressOf(get)
    return isCache(dbSystem) ? place : join(place, first(get, databaseNames))
  }
  if (get('messaging.system') === 'rabbitmq') return rabbitOf(get, named || addressOf(get))
  return (
    named ||
    get('faas.invoked_name') ||
    awsOf(get) ||
    addressOf(get) ||
    first(get, ['rpc.service', ...databaseNames])
  )
}

function addressOf(get: GetAttribute): string {
  const url = get('url.full') || get('http.url') || get('db.connection_string')
  return (
    anyOf(get, serverAddresses) ||
    (url ? authorityOf(url) : '') ||
    (get('http.host') ?? '') ||
    anyOf(get, socketAddresses)
  )
}

function anyOf(get: GetAttribute, pairs: typeof serverAddresses): string {
  for (const [addressKey, portKey] of pairs) {
    const address = notMesh(get(addressKey) ?? '')
    if (address === '') continue
    const port = get(portKey)
    return port ? `${address}:${port}` : address
  }
  return ''
}

const notMesh = (address: string) => (address === meshAddress ? '' : address)

const schemePorts: Readonly<Record<string, string>> = { http: '80', https: '443' }

/** Host and port of a URL, that of the scheme where none is said; never the user and password before them. */
function authorityOf(url: string): string {
  const [, scheme = '', authority = ''] = /([a-z][a-z0-9+.-]*):\/\/([^/?#;,\s]+)/i.exec(url) ?? []
  const host = authority.slice(authority.lastIndexOf('@') + 1).toLowerCase()
  if (notMesh(host.replace(/:\d+$/, '')) === '') return ''
  const port = schemePorts[scheme.toLowerCase()]
  return /:\d+$/.test(host) || port === undefined ? host : `${host}:${port}`
}

function rabbitOf(get: GetAttribute, place: string): string {
  const exchange = first(get, ['messaging.destination.name', 'messaging.destination'])
  const key = first(get, ['messaging.rabbitmq.destination.routing_key', 'messaging.rabbitmq.routing_key'])
  // Newer conventions join exchange and key in the name of the destination.
  return join(place, exchange, exchange.split(':').includes(key) || exchange === key ? '' : key)
}

function awsOf(get: GetAttribute): string {
  const resource = first(get, awsResources)
  const system = first(get, ['rpc.system.name', 'rpc.system'])
  if (resource === '' && system !== 'aws-api') return ''
  const service = get('rpc.service') || (get('rpc.method') ?? '').split('/').at(-2) || 'AWS'
  // The last part of an ARN or a URL; the first table of a list.
  const name = resource.replace(/^\["?|"?\]$/g, '').split(/","|"?,"?/)[0] ?? ''
  return join(service, name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf(':')) + 1))
}

const join = (...parts: readonly string[]) => parts.filter((part) => part !== '').join('/')

function first(get: GetAttribute, keys: readonly string[]): string {
  for (const key of keys) {
    const value = get(key)
    if (value) return value
  }
  return ''
}
