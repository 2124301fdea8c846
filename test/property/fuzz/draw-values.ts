import type { Field, Message, Value } from '../wire-model.ts'
import type { Random } from './random.ts'

/** When the inputs are received: inside a day, so that days and bounds lie on both sides. */
export const receivedAtMs = 1_700_000_000_000
const nowNs = BigInt(receivedAtMs) * 1_000_000n
const dayNs = 86_400_000_000_000n

export const f = (number: number, name: string, value: Value): Field => ({ number, name, ...value })
export const asText = (value: string): Value => ({ as: 'text', value })

const edges64 = [
  0n,
  1n,
  127n,
  128n,
  2n ** 31n,
  2n ** 32n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 2n,
  2n ** 64n - 1n,
]
const edges32 = [0n, 1n, 2n, 127n, 128n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n]
const doubles = [
  0,
  -0,
  1,
  -1,
  0.1,
  1e21,
  1e-7,
  5e-324,
  1.7976931348623157e308,
  NaN,
  Infinity,
  -Infinity,
  2 ** 53,
]
const times = [
  0n,
  1n,
  31_535_999_999_999_999n,
  31_536_000_000_000_000n,
  nowNs,
  nowNs + dayNs,
  nowNs + dayNs + 1n,
  2n ** 63n,
  2n ** 64n - 1n,
]

export const uint64 = (random: Random) => (random.oneIn(2) ? random.pick(edges64) : random.bits64())
export const int64 = (random: Random) => BigInt.asIntN(64, uint64(random))
export const uint32 = (random: Random) => (random.oneIn(2) ? random.pick(edges32) : BigInt(random.bits()))
export const int32 = (random: Random) => BigInt.asIntN(32, uint32(random))
export const double = (random: Random) =>
  random.oneIn(2) ? random.pick(doubles) : (random.bits() - 2 ** 31) / (1 + random.below(1_000))

/** Mostly of the hours around the receipt, on two days. */
export function time(random: Random): bigint {
  if (random.oneIn(8)) return random.pick(times)
  return nowNs - BigInt(random.below(100_000)) * 1_000_000_000n + BigInt(random.below(1_000_000_000))
}

const texts = [
  '',
  'a',
  'GET',
  'POST',
  '200',
  '404',
  '99',
  '１２３',
  'checkout',
  '/cart/:id',
  'postgresql',
  'SELECT 1',
  'ünïcödé',
  '日本語のテキスト',
  '😀 emoji 👩‍👩‍👧',
  '\u0000',
  '\uFEFFbom',
  '\uFFFD',
  'line\nbreak "quoted" \\ back',
  'a text of more than twenty-four bytes, all of them ASCII',
  `long ${'x'.repeat(140)}`,
  `ünï ${'ö'.repeat(70)}`,
  'exception',
  'true',
  '-0',
  '1e3',
  // What peers and proxies are told apart by.
  'redis',
  'postgresql',
  'rabbitmq',
  'aws-api',
  '127.0.0.6',
  'proxy',
  'sidecar~10.0.0.1~a',
  'router~10.0.0.1~a',
  'outbound|80||a',
  'https://user:secret@Api.example/a?b=c@d',
  'jdbc:postgresql://db:5432/shop',
  '["orders","items"]',
  'arn:aws:sns:eu-west-1:1:orders',
]

export const text = (random: Random) =>
  random.oneIn(6) ? `${random.pick(texts)}${random.bits().toString(36)}` : random.pick(texts)

export const keys = [
  '',
  'k',
  'http.request.method',
  'http.method',
  'http.route',
  'http.response.status_code',
  'http.status_code',
  'db.system.name',
  'db.system',
  'db.query.text',
  'db.statement',
  'messaging.system',
  'messaging.destination.name',
  'messaging.destination',
  'rpc.system',
  'rpc.system.name',
  'peer.service',
  'service.peer.name',
  'server.address',
  'server.port',
  'net.peer.name',
  'net.peer.port',
  'network.peer.address',
  'network.peer.port',
  'net.sock.peer.addr',
  'net.sock.peer.port',
  'db.namespace',
  'db.name',
  'db.connection_string',
  'url.full',
  'http.url',
  'http.host',
  'peer.hostname',
  'peer.address',
  'net.peer.ip',
  'rpc.service',
  'rpc.method',
  'faas.invoked_name',
  'aws.s3.bucket',
  'aws.dynamodb.table_names',
  'aws.sqs.queue.url',
  'messaging.destination.template',
  'messaging.rabbitmq.destination.routing_key',
  'component',
  'node_id',
  'upstream_cluster',
  'exception.type',
  'exception.message',
  'event.name',
  'otel.dropped_attributes_count',
  'otel.link.flags',
  '__proto__',
  'constructor',
  'ключ',
]

export const resourceKeys = [
  'service.name',
  'service.namespace',
  'service.version',
  'service.instance.id',
  'host.name',
  'k8s.namespace.name',
  'k8s.cluster.uid',
  'k8s.cluster.name',
  'k8s.deployment.name',
  'k8s.statefulset.name',
  'k8s.daemonset.name',
  'k8s.cronjob.name',
  'k8s.job.name',
  'k8s.replicaset.name',
  'k8s.pod.name',
  'k8s.pod.uid',
  'k8s.container.name',
  'k8s.node.name',
]

/** Mostly as long as it should be. */
export function id(random: Random, length: number): Value {
  const odd = random.oneIn(12)
  const value = odd
    ? random.pick([new Uint8Array(), new Uint8Array(length), random.bytes(3), random.bytes(length + 1)])
    : random.bytes(length)
  return { as: 'id', value }
}

export function anyValue(random: Random, depth = 0): Message {
  const kind = random.below(depth < 3 ? 14 : 9)
  switch (kind) {
    case 0:
      return []
    case 1:
      return [f(2, 'boolValue', { as: 'bool', value: random.oneIn(2) })]
    case 2:
    case 3:
      return [f(3, 'intValue', { as: 'varint', value: int64(random) })]
    case 4:
      return [f(4, 'doubleValue', { as: 'double', value: double(random) })]
    case 5:
      return [f(7, 'bytesValue', { as: 'bytes', value: random.bytes(random.below(6)) })]
    case 12: {
      const values = random.times(random.below(4), () => anyValue(random, depth + 1))
      return [
        f(5, 'arrayValue', { as: 'message', value: [f(1, 'values', { as: 'messages', value: values })] }),
      ]
    }
    case 13: {
      const value = random.times(random.below(4), () => pair(random, depth + 1))
      return [f(6, 'kvlistValue', { as: 'message', value: [f(1, 'values', { as: 'messages', value })] })]
    }
    default:
      return [f(1, 'stringValue', asText(text(random)))]
  }
}

function pair(random: Random, depth: number, from: readonly string[] = keys): Message {
  const key = random.oneIn(8) ? text(random) : random.pick(from)
  const field = f(1, 'key', asText(key))
  return random.oneIn(20)
    ? [field]
    : [field, f(2, 'value', { as: 'message', value: anyValue(random, depth) })]
}

export function attributes(random: Random, most = 6, from: readonly string[] = keys): Value {
  const count = random.oneIn(3) ? 0 : random.below(most + 1)
  return { as: 'messages', value: random.times(count, () => pair(random, 0, from)) }
}

export type Draw = (random: Random) => Value

/** A message with most of these fields. */
export function draw(
  random: Random,
  fields: readonly (readonly [number: number, name: string, value: Draw])[],
): Message {
  const message: Field[] = []
  for (const [number, name, value] of fields)
    if (!random.oneIn(5)) message.push(f(number, name, value(random)))
  return message
}

export const drawText: Draw = (random) => asText(text(random))
export const drawUint32: Draw = (random) => ({ as: 'varint', value: uint32(random) })
export const drawFixed32: Draw = (random) => ({ as: 'fixed32', value: uint32(random) })
export const drawFixed64: Draw = (random) => ({ as: 'fixed64', value: uint64(random) })
export const drawSint32: Draw = (random) => ({ as: 'sint32', value: int32(random) })
export const drawDouble: Draw = (random) => ({ as: 'double', value: double(random) })
export const drawTime: Draw = (random) => ({ as: 'fixed64', value: time(random) })
export const drawBool: Draw = (random) => ({ as: 'bool', value: random.oneIn(2) })
export const drawId =
  (length: number): Draw =>
  (random) =>
    id(random, length)
/** An enum, beyond its names and below 0 too. */
export const drawEnum =
  (end: number): Draw =>
  (random) => ({ as: 'varint', value: random.oneIn(10) ? int32(random) : BigInt(random.below(end)) })
export const drawMany =
  (make: (random: Random) => Message, most: number): Draw =>
  (random) => ({
    as: 'messages',
    value: random.times(random.oneIn(6) ? 0 : 1 + random.below(most), () => make(random)),
  })
