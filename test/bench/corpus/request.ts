import { type ProtoWriter, writeProto } from '../../../collector/wire/proto-writer.ts'
import { createRandom, type Random } from './random.ts'
import { pickServices, podOf, type Service } from './services.ts'
import { type Attributes, moreAttributes, type TemplateSpan, traceSpans } from './spans.ts'

export type Shape = 'lean' | 'rich'

/** How many spans a request of the corpus has. */
export const requestSpans = 1_024

/**
 * An ExportTraceServiceRequest of whole traces in eight resources. Ids are ordinals and times relative to their trace:
 * a template, which `fresh.ts` turns into requests that were never sent before.
 */
export function buildTemplate(shape: Shape, seed: number): Uint8Array {
  const random = createRandom(seed)
  const picked = pickServices(random)
  const spans = tracesOf(random, picked)
  const request = writeProto()
  for (const [index, service] of picked.entries()) {
    const own = spans.filter((span) => span.service === index)
    request.message(1, (resourceSpans) => {
      resourceSpans.message(1, (resource) =>
        writeAttributes(resource, 1, resourceAttributes(random, service)),
      )
      resourceSpans.message(2, (scopeSpans) => {
        scopeSpans.message(1, (scope) =>
          scope.text(1, '@opentelemetry/instrumentation-http').text(2, '0.57.1'),
        )
        for (const span of own)
          scopeSpans.message(2, (writer) => writeSpan(writer, span, { shape, random, service }))
      })
    })
  }
  return request.finish()
}

function tracesOf(random: Random, picked: readonly Service[]): TemplateSpan[] {
  const spans: TemplateSpan[] = []
  for (let trace = 0; spans.length < requestSpans; trace++)
    spans.push(...traceSpans(random, picked, { trace, firstSpan: spans.length }))
  // The last trace may lack its last spans, as a trace does whose rest is in the next request.
  return spans.slice(0, requestSpans)
}

function resourceAttributes(random: Random, service: Service): Attributes {
  const pod = podOf(service, random.below(3))
  return [
    ['service.name', service.name],
    ['service.namespace', service.namespace],
    ['service.version', service.version],
    ['service.instance.id', pod],
    ['telemetry.sdk.language', service.language],
    ['k8s.cluster.name', 'bench'],
    ['k8s.namespace.name', service.namespace],
    ['k8s.deployment.name', service.name],
    ['k8s.pod.name', pod],
    ['k8s.node.name', `node-${pod.length % 4}`],
  ]
}

interface Place {
  readonly shape: Shape
  readonly random: Random
  readonly service: Service
}

function writeSpan(writer: ProtoWriter, span: TemplateSpan, { shape, random, service }: Place): void {
  writer.bytes(1, ordinalBytes(span.trace, 16)).bytes(2, ordinalBytes(span.span, 8))
  if (span.parent >= 0) writer.bytes(4, ordinalBytes(span.parent, 8))
  writer
    .text(5, span.name)
    .varint(6, span.kind)
    .fixed64(7, BigInt(span.startNs))
    .fixed64(8, BigInt(span.endNs))
  writeAttributes(writer, 9, shape === 'rich' ? span.attributes.map(longStatement) : span.attributes)
  if (shape === 'rich') writeRich(writer, span, { shape, random, service })
  if (span.error) writer.message(15, (status) => status.text(2, 'upstream request failed').varint(3, 2))
  writer.fixed32(16, 0x101)
}

function longStatement([key, value]: Attributes[number]): Attributes[number] {
  if (key !== 'db.query.text') return [key, value]
  const columns = Array.from({ length: 24 }, (_, index) => `t.column_${index}`).join(', ')
  return [
    key,
    `${value} AND t.deleted_at IS NULL /* ${columns} */ AND EXISTS (SELECT 1 FROM grants g WHERE g.owner_id = t.owner_id AND g.role IN (?, ?, ?)) ORDER BY t.created_at DESC LIMIT ? OFFSET ?`,
  ]
}

/** What makes a span rich: thirteen more attributes, a long statement, an event and an exception with its stack, a link. */
function writeRich(writer: ProtoWriter, span: TemplateSpan, { random, service }: Place): void {
  const at = BigInt(span.startNs + Math.round((span.endNs - span.startNs) * random.unit()))
  writeAttributes(writer, 9, moreAttributes(random, service))
  writer.message(11, (event) => {
    event.fixed64(1, at).text(2, 'cache.miss')
    writeAttributes(event, 3, [
      ['cache.key', `${service.name}:${random.below(50_000)}`],
      ['cache.tier', 'l2'],
    ])
  })
  writer.message(11, (event) => {
    event.fixed64(1, at).text(2, 'exception')
    writeAttributes(event, 3, exceptionAttributes(random, service))
  })
  writer.message(13, (link) => {
    link.bytes(1, ordinalBytes(random.below(100), 16)).bytes(2, ordinalBytes(random.below(requestSpans), 8))
    writeAttributes(link, 4, [['link.reason', 'batch']])
  })
}

const exceptions = [
  'java.net.SocketTimeoutException',
  'java.lang.IllegalStateException',
  'io.grpc.StatusException',
]

const frameNames = [
  'Handler.handle',
  'Client.send',
  'Pool.acquire',
  'Retry.attempt',
  'Filter.doFilter',
  'Worker.run',
  'Executor.execute',
]

function exceptionAttributes(random: Random, service: Service): Attributes {
  const type = random.pick(exceptions)
  const message = `request ${1 + random.below(50_000)} to ${service.name} failed after ${1 + random.below(9)} tries`
  const frames = frameNames.map(
    (frame) =>
      `\tat com.example.${service.name}.${frame}(${frame.split('.')[0]}.java:${10 + random.below(400)})`,
  )
  return [
    ['exception.type', type],
    ['exception.message', message],
    ['exception.stacktrace', `${type}: ${message}\n${frames.join('\n')}`],
  ]
}

function writeAttributes(writer: ProtoWriter, field: number, attributes: Attributes): void {
  for (const [key, value] of attributes)
    writer.message(field, (pair) => {
      pair.text(1, key)
      pair.message(2, (any) => (typeof value === 'string' ? any.text(1, value) : any.varint(3, value)))
    })
}

/** An ordinal plus one, since an id of zeros is none. */
function ordinalBytes(ordinal: number, length: number): Uint8Array {
  const bytes = Buffer.alloc(length)
  bytes.writeUInt32LE(ordinal + 1)
  return bytes
}
