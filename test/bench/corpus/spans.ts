import { mix32, type Random } from './random.ts'
import { podOf, type Service } from './services.ts'

/** A span of a template. Ids are ordinals within the request, times are relative to the start of its trace. */
export interface TemplateSpan {
  readonly trace: number
  readonly span: number
  /** -1: a root. */
  readonly parent: number
  /** Index of its service among those of the request. */
  readonly service: number
  readonly name: string
  readonly kind: number
  readonly startNs: number
  readonly endNs: number
  readonly error: boolean
  readonly attributes: Attributes
}

export type Attributes = readonly (readonly [key: string, value: string | number])[]

/** The value of this attribute is replaced by one of the trace's own whenever a request is sent. */
export const requestIdKey = 'http.request.id'
export const requestIdLength = 16

const server = 2
const client = 3
const producer = 4
const consumer = 5
const internal = 1

const agents = [
  'okhttp/4.12.0',
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile Safari/604.1',
  'Go-http-client/1.1',
  'axios/1.7.9',
]
const operations = ['SELECT', 'SELECT', 'SELECT', 'UPDATE', 'INSERT', 'DELETE']

/**
 * One trace of eight to ten spans: gateway → a → b, a database call in each, and now and then a message to c. Twelve
 * attributes a span.
 */
export function traceSpans(
  random: Random,
  services: readonly Service[],
  { trace, firstSpan }: { readonly trace: number; readonly firstSpan: number },
): TemplateSpan[] {
  const spans: TemplateSpan[] = []
  const [a, b, c] = threeOf(random, services.length)
  const failed = random.below(50) === 0
  const total = Math.round(random.longTailed(40e6)) + 2e6
  const add = (
    span: Pick<TemplateSpan, 'parent' | 'service' | 'name' | 'kind' | 'attributes'>,
    share: Share,
  ) => {
    const startNs = Math.round(total * share.from + random.unit() * 3e4)
    const endNs = Math.max(startNs + 2_000, Math.round(total * share.to - random.unit() * 3e4))
    spans.push({
      ...span,
      trace,
      span: firstSpan + spans.length,
      startNs,
      endNs,
      error: failed && share.fails,
    })
    return firstSpan + spans.length - 1
  }
  const serviceAt = (index: number) => {
    const service = services[index]
    if (!service) throw new Error(`BUG: no service ${index}`)
    return service
  }
  /** `from`: -1 is a user, whose address and browser may be any. */
  const exchange = (from: number, at: number): Exchange => {
    const route = random.pick(serviceAt(at).routes)
    return {
      route,
      path: route.replace('{id}', String(1 + random.below(50_000))),
      method: random.pick(['GET', 'GET', 'GET', 'POST', 'PUT']),
      status: failed ? 500 : random.pick([200, 200, 200, 200, 201, 204, 304, 404]),
      bytes: Math.round(random.longTailed(1_800)),
      address:
        from < 0
          ? `10.42.${random.below(4)}.${1 + random.below(60)}`
          : `10.42.9.${10 + from * 3 + random.below(3)}`,
      fromUser: from < 0,
      sent: random.below(5) < 3 ? 0 : Math.round(random.longTailed(400)),
      agent: from < 0 ? random.pick(agents) : `${serviceAt(from).language}-http-client/4.12.0`,
    }
  }
  const serve = (at: number, parent: number, said: Exchange, share: Share) => {
    const attributes = serverAttributes(serviceAt(at), said)
    return add({ parent, service: at, name: `${said.method} ${said.route}`, kind: server, attributes }, share)
  }
  const call = (from: number, to: number, parent: number, said: Exchange, share: Share) => {
    const attributes = clientAttributes(random, serviceAt(from), serviceAt(to), said)
    return add({ parent, service: from, name: said.method, kind: client, attributes }, share)
  }
  const query = (from: number, parent: number, share: Share) => {
    const operation = random.pick(operations)
    const table = random.pick(serviceAt(from).tables)
    const attributes = databaseAttributes(random, serviceAt(from), { operation, table })
    return add({ parent, service: from, name: `${operation} ${table}`, kind: client, attributes }, share)
  }

  const toGateway = exchange(-1, 0)
  const root = serve(0, -1, toGateway, { from: 0, to: 1, fails: true })
  const first = exchange(0, a)
  const toA = call(0, a, root, first, { from: 0.02, to: 0.97, fails: true })
  const inA = serve(a, toA, first, { from: 0.05, to: 0.95, fails: true })
  query(a, inA, { from: 0.1, to: 0.3, fails: false })
  const second = exchange(a, b)
  const toB = call(a, b, inA, second, { from: 0.32, to: 0.8, fails: true })
  const inB = serve(b, toB, second, { from: 0.35, to: 0.78, fails: true })
  query(b, inB, { from: 0.4, to: 0.7, fails: true })
  add(
    {
      parent: inB,
      service: b,
      name: `render ${serviceAt(b).name}`,
      kind: internal,
      attributes: internalAttributes(random, serviceAt(b)),
    },
    { from: 0.72, to: 0.76, fails: false },
  )
  if (random.below(2) === 0) {
    const topic = `${serviceAt(a).name}.events`
    const send = add(
      {
        parent: inA,
        service: a,
        name: `send ${topic}`,
        kind: producer,
        attributes: messageAttributes(random, topic, 'send'),
      },
      { from: 0.85, to: 0.9, fails: false },
    )
    if (random.below(2) === 0)
      add(
        {
          parent: send,
          service: c,
          name: `process ${topic}`,
          kind: consumer,
          attributes: messageAttributes(random, topic, 'process'),
        },
        { from: 0.95, to: 1.2, fails: false },
      )
  }
  return spans
}

interface Share {
  readonly from: number
  readonly to: number
  /** Whether the span fails when its trace does. */
  readonly fails: boolean
}

function threeOf(random: Random, count: number): [number, number, number] {
  const a = 1 + random.below(count - 1)
  const b = 1 + ((a + random.below(count - 2)) % (count - 1))
  const c = 1 + ((b + 1) % (count - 1))
  return [a, b === a ? 1 + (a % (count - 1)) : b, c]
}

/** One HTTP request, as both of its ends tell it. */
interface Exchange {
  readonly route: string
  readonly path: string
  readonly method: string
  readonly status: number
  readonly bytes: number
  readonly sent: number
  readonly fromUser: boolean
  /** Of who asks. */
  readonly address: string
  readonly agent: string
}

function serverAttributes(service: Service, said: Exchange): Attributes {
  return [
    ['http.request.method', said.method],
    ['http.route', said.route],
    ['url.path', said.path],
    ['url.scheme', 'https'],
    ['http.response.status_code', said.status],
    ['http.response.body.size', said.bytes],
    ['server.address', addressOf(service)],
    ['server.port', 8_080],
    ['network.protocol.version', '1.1'],
    ['client.address', said.address],
    ['user_agent.original', said.agent],
    // The gateway gives every request an id and is the one to tell it.
    said.fromUser ? [requestIdKey, '0'.repeat(requestIdLength)] : ['http.request.body.size', said.sent],
  ]
}

function clientAttributes(random: Random, from: Service, to: Service, said: Exchange): Attributes {
  return [
    ['http.request.method', said.method],
    ['url.full', `http://${addressOf(to)}:8080${said.path}`],
    ['http.response.status_code', said.status],
    ['http.response.body.size', said.bytes],
    ['server.address', addressOf(to)],
    ['server.port', 8_080],
    ['network.peer.address', `10.43.${to.name.length}.${10 + random.below(3)}`],
    ['network.peer.port', 8_080],
    ['network.protocol.name', 'http'],
    ['network.protocol.version', '1.1'],
    ['thread.id', 20 + random.below(32)],
    ['code.function.name', `com.example.${from.name}.clients.${to.name}.Client.fetch`],
  ]
}

const addressOf = (service: Service) => `${service.name}.${service.namespace}.svc`

function databaseAttributes(
  random: Random,
  service: Service,
  { operation, table }: { readonly operation: string; readonly table: string },
): Attributes {
  return [
    ['db.system.name', service.database],
    ['db.namespace', service.name],
    ['db.collection.name', table],
    ['db.operation.name', operation],
    ['db.query.text', `${operation} id, state, total FROM ${table} WHERE id = ? AND tenant = ?`],
    ['db.response.returned_rows', random.below(40)],
    ['server.address', `${service.database}.${service.namespace}.svc`],
    ['server.port', 5_432],
    ['network.peer.address', `10.43.0.${service.name.length}`],
    ['network.peer.port', 5_432],
    ['thread.id', 20 + random.below(32)],
    ['code.function.name', `com.example.${service.name}.repository.${table}.${operation.toLowerCase()}`],
  ]
}

function internalAttributes(random: Random, service: Service): Attributes {
  return [
    ['code.function.name', `com.example.${service.name}.view.render`],
    ['code.file.path', `/app/src/${service.name}/view.ts`],
    ['code.line.number', 10 + random.below(200)],
    ['thread.id', 20 + random.below(32)],
    ['thread.name', `worker-${random.below(32)}`],
    ['app.tenant', `tenant-${random.below(200)}`],
    ['app.user.tier', random.pick(['free', 'plus', 'business'])],
    ['app.feature.layout', random.pick(['a', 'b'])],
    ['app.items', random.below(60)],
    ['app.bytes', Math.round(random.longTailed(9_000))],
    ['app.cache.hit', random.pick(['true', 'true', 'false'])],
    ['app.locale', random.pick(['en-GB', 'en-US', 'de-DE', 'fr-FR', 'ja-JP'])],
  ]
}

function messageAttributes(random: Random, topic: string, operation: string): Attributes {
  return [
    ['messaging.system', 'kafka'],
    ['messaging.destination.name', topic],
    ['messaging.operation.name', operation],
    ['messaging.operation.type', operation],
    ['messaging.destination.partition.id', String(random.below(12))],
    ['messaging.kafka.offset', 1_000_000 + random.below(9_000_000)],
    ['messaging.message.body.size', Math.round(random.longTailed(700))],
    ['messaging.client.id', `${topic}-client-${random.below(4)}`],
    ['messaging.consumer.group.name', `${topic}-workers`],
    ['server.address', 'kafka.platform.svc'],
    ['server.port', 9_092],
    ['thread.id', 20 + random.below(32)],
  ]
}

/** Thirteen more attributes for the rich corpus. */
export function moreAttributes(random: Random, service: Service): Attributes {
  const pod = podOf(service, random.below(3))
  return [
    ['app.tenant', `tenant-${random.below(200)}`],
    ['app.user.id', `user-${mix32(random.below(100_000)).toString(16)}`],
    ['app.user.tier', random.pick(['free', 'plus', 'business'])],
    [
      'app.session.id',
      mix32(random.below(2 ** 31))
        .toString(16)
        .padStart(8, '0'),
    ],
    ['app.locale', random.pick(['en-GB', 'en-US', 'de-DE', 'fr-FR', 'ja-JP'])],
    ['app.feature.layout', random.pick(['a', 'b'])],
    ['app.build.commit', 'f3a9c1d27be84c0f9a51d6e2b7708c3e4d5f6a7b'],
    ['app.cache.key', `${service.name}:${1 + random.below(50_000)}:v3`],
    ['app.retries', random.below(3)],
    ['app.queue.depth', random.below(500)],
    ['thread.name', `http-nio-8080-exec-${random.below(200)}`],
    ['process.runtime.description', 'Eclipse Adoptium OpenJDK 64-Bit Server VM 21.0.5+11-LTS'],
    ['app.shard', pod],
  ]
}
