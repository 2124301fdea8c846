/**
 * Attributes that have a column of their own, old and new names of the semantic conventions to one column; the first key
 * that is there wins (https://opentelemetry.io/docs/specs/semconv/).
 */
export const promotedKeys = {
  http_method: ['http.request.method', 'http.method'],
  http_route: ['http.route'],
  http_status: ['http.response.status_code', 'http.status_code'],
  db_system: ['db.system.name', 'db.system'],
  db_statement: ['db.query.text', 'db.statement'],
  messaging_system: ['messaging.system'],
  messaging_destination: ['messaging.destination.name', 'messaging.destination'],
  rpc_system: ['rpc.system.name', 'rpc.system'],
} as const

/** Where a client or producer span goes; the port is added when the address comes from a `server.*`-like key. */
const peerNames = ['peer.service', 'service.peer.name']
const peerAddresses: readonly (readonly [address: string, port: string])[] = [
  ['server.address', 'server.port'],
  ['net.peer.name', 'net.peer.port'],
  ['network.peer.address', 'network.peer.port'],
  ['net.sock.peer.addr', 'net.sock.peer.port'],
]
const databaseNames = ['db.namespace', 'db.name']

export function firstOf(attributes: ReadonlyMap<string, string>, keys: readonly string[]): string {
  for (const key of keys) {
    const value = attributes.get(key)
    if (value !== undefined && value !== '') return value
  }
  return ''
}

export function peerOf(attributes: ReadonlyMap<string, string>): string {
  const named = firstOf(attributes, peerNames)
  if (named) return named
  for (const [addressKey, portKey] of peerAddresses) {
    const address = attributes.get(addressKey)
    if (!address) continue
    const port = attributes.get(portKey)
    return port ? `${address}:${port}` : address
  }
  return firstOf(attributes, databaseNames)
}
