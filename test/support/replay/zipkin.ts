import { readFileSync } from 'node:fs'
import type { Attributes, ReplaySpan, SpanKind } from './spans.ts'

/** A span of Zipkin's v2 JSON: https://zipkin.io/zipkin-api/#/default/post_spans; times in µs. */
export interface ZipkinSpan {
  readonly traceId: string
  readonly id: string
  readonly parentId?: string
  readonly kind?: 'CLIENT' | 'SERVER' | 'PRODUCER' | 'CONSUMER'
  readonly name?: string
  readonly timestamp?: number
  readonly duration?: number
  readonly localEndpoint?: ZipkinEndpoint
  readonly remoteEndpoint?: ZipkinEndpoint
  readonly tags?: Readonly<Record<string, string>>
  readonly shared?: boolean
}

interface ZipkinEndpoint {
  readonly serviceName?: string
  readonly ipv4?: string
  readonly port?: number
}

export function readZipkin(file: string): ZipkinSpan[] {
  return JSON.parse(readFileSync(file, 'utf8')) as ZipkinSpan[]
}

/**
 * The same as OTLP. Zipkin lets both halves of a call share one span id, OTLP does not: the server's half gets an id of its own
 * and the client's half as parent, and children of the shared id that are of the server's service become the server's.
 */
export function toOtlp(spans: readonly ZipkinSpan[], { shiftMs, application }: Options): ReplaySpan[] {
  const halves = Map.groupBy(spans, (span) => span.id)
  const isServersHalf = (span: ZipkinSpan) =>
    span.kind === 'SERVER' && (halves.get(span.id) ?? []).some((other) => other.kind === 'CLIENT')
  const serverOf = (id: string) => (halves.get(id) ?? []).find(isServersHalf)
  const parentOf = (span: ZipkinSpan): string => {
    if (isServersHalf(span)) return span.id
    if (span.parentId === undefined) return ''
    const server = serverOf(span.parentId)
    return server && serviceOf(server) === serviceOf(span) ? ownHalf(span.parentId) : span.parentId
  }
  /** Some halves have no time of their own: they get that of the other half, else of their parent. */
  const startOf = (span: ZipkinSpan): number => {
    if (span.timestamp !== undefined) return span.timestamp
    const other = (halves.get(span.id) ?? []).find((half) => half.timestamp !== undefined)
    const [parent] = span.parentId === undefined ? [] : (halves.get(span.parentId) ?? [])
    return other?.timestamp ?? (parent ? startOf(parent) : 0)
  }
  const resources = new Map<string, Attributes>()
  return spans.map((span) => {
    const service = serviceOf(span)
    const resource = resources.get(service) ?? { 'service.name': service, 'service.namespace': application }
    resources.set(service, resource)
    const startNs = BigInt(startOf(span)) * 1_000n + BigInt(shiftMs) * 1_000_000n
    return {
      traceId: span.traceId.padStart(32, '0'),
      spanId: isServersHalf(span) ? ownHalf(span.id) : span.id,
      parentSpanId: parentOf(span),
      name: span.name ?? '',
      kind: (span.kind?.toLowerCase() ?? 'internal') as SpanKind,
      startNs,
      endNs: startNs + BigInt(span.duration ?? 0) * 1_000n,
      failed: span.tags?.['error'] !== undefined,
      attributes: attributesOf(span),
      resource,
    }
  })
}

interface Options {
  readonly shiftMs: number
  readonly application: string
}

export const serviceOf = (span: ZipkinSpan): string => span.localEndpoint?.serviceName ?? 'unknown'

/** The id of the server's half: the shared one with its first bit turned. */
export const ownHalf = (id: string): string =>
  (BigInt(`0x${id}`) ^ (1n << 63n)).toString(16).padStart(16, '0')

function attributesOf({ remoteEndpoint, tags = {}, kind }: ZipkinSpan): Attributes {
  const peer = remoteEndpoint?.serviceName
  const topic = tags['kafka.topic']
  return {
    ...tags,
    ...(peer && (kind === 'CLIENT' || kind === 'PRODUCER') ? { 'peer.service': peer } : {}),
    ...(topic ? { 'messaging.system': 'kafka', 'messaging.destination.name': topic } : {}),
  }
}
