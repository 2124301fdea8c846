import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { FlowMap, TraceDetail } from '../../collector/service/api/schema/applications.ts'
import { criticalPath } from '../../dashboards/web/src/traces/critical-path.ts'
import { selfTimeMs } from '../../dashboards/web/src/traces/trace-summary.ts'
import { buildTraceTree, mainRoot, walkTrace } from '../../dashboards/web/src/traces/trace-tree.ts'
import { viewTrace } from '../../dashboards/web/src/traces/trace-view.ts'
import { type Product, startProduct } from '../support/replay/product.ts'
import { sharedFolder } from '../support/replay/shared-data.ts'
import { readZipkin, serviceOf, toOtlp, type ZipkinSpan } from '../support/replay/zipkin.ts'

const data = sharedFolder('traces', 'zipkin')
const dayMs = 86_400_000

const files = {
  web: 'smartthings-mobile-web-install.json',
  oauth: 'smartthings-oauth-authorization.json',
  yelp: 'yelp.json',
  messaging: 'messaging-kafka.json',
  skew: 'skew.json',
} as const
type Name = keyof typeof files

describe.skipIf(data.missing)("Zipkin's traces of real systems (../shared/data/traces/zipkin)", () => {
  let product: Product
  const sent = new Map<Name, { readonly spans: readonly ZipkinSpan[]; readonly startMs: number }>()

  beforeAll(async () => {
    product = await startProduct()
    for (const [name, file] of Object.entries(files) as [Name, string][]) {
      const spans = readZipkin(join(data.path, file))
      const startMs = Math.min(...spans.flatMap((span) => span.timestamp ?? [])) / 1_000
      const shiftMs = Math.floor((Date.now() - startMs) / dayMs) * dayMs
      sent.set(name, { spans, startMs: Math.floor(startMs + shiftMs) })
      await product.sendSpans(toOtlp(spans, { shiftMs, application: name }))
    }
    await product.rolledUp()
  })
  afterAll(() => product?.close())

  const of = (name: Name) => {
    const one = sent.get(name)
    if (!one) throw new Error(`${name} was not sent`)
    return one
  }
  const traceOf = (name: Name) =>
    product.get<TraceDetail>(`/traces/${(of(name).spans[0]?.traceId ?? '').padStart(32, '0')}`)
  const mapOf = (name: Name) =>
    product.get<FlowMap>(`/applications/${name}/flow-map`, {
      from: of(name).startMs - 3_600_000,
      to: of(name).startMs + 3_600_000,
    })

  test.each(Object.keys(files) as Name[])(
    '%s: every span is there, below its parent, as deep as Zipkin has it',
    async (name) => {
      const { spans } = of(name)
      const trace = await traceOf(name)
      expect(trace.spans.length).toBe(spans.length)
      expect(trace.orphans).toBe(0)
      const roots = buildTraceTree(trace.spans)
      expect(roots.length).toBe(1)
      // A shared span is two here, one below the other.
      expect(Math.max(...walkTrace(roots).map((node) => node.depth))).toBe(plainDepth(spans))
      const services = new Set(spans.map(serviceOf))
      expect(new Set(trace.spans.map((span) => span.service))).toEqual(services)
    },
  )

  test.each(Object.keys(files) as Name[])(
    '%s: nothing that is shown lasts less than nothing',
    async (name) => {
      const trace = await traceOf(name)
      const roots = buildTraceTree(trace.spans)
      expect(trace.spans.filter((span) => span.durationMs < 0)).toEqual([])
      expect(walkTrace(roots).filter((node) => selfTimeMs(node) < 0)).toEqual([])
      const main = mainRoot(roots)
      const path = main ? criticalPath(main) : []
      expect(path.filter((stretch) => stretch.endMs < stretch.startMs)).toEqual([])
      const pathMs = path.reduce((sum, stretch) => sum + stretch.endMs - stretch.startMs, 0)
      expect(pathMs).toBeCloseTo((main?.endMs ?? 0) - (main?.startMs ?? 0), 3)
    },
  )

  test.each(['web', 'oauth', 'yelp', 'skew'] as const)(
    '%s: the calls between tiers are those whose both halves are there',
    async (name) => {
      const { edges } = await mapOf(name)
      const between = edges.filter((edge) => edge.from.startsWith('tier:') && edge.to.startsWith('tier:'))
      expect(Object.fromEntries(between.map((edge) => [`${edge.from} ${edge.to}`, edge.red.calls]))).toEqual(
        plainCalls(of(name).spans),
      )
    },
  )

  test('a server whose clock is behind is shown within the call that it answers, and that is said', async () => {
    const view = viewTrace(await traceOf('skew'))
    const shown = (operation: string, kind: string) => {
      const found = view.nodes.find(
        (node) => node.type === 'span' && node.span.operation === operation && node.span.kind === kind,
      )
      if (!found) throw new Error(`no ${kind} ${operation}`)
      return found
    }
    const [client, server] = [shown('post', 'client'), shown('post', 'server')]
    expect(server.startMs).toBeGreaterThan(client.startMs)
    expect(server.endMs).toBeLessThan(client.endMs)
    // The file has the server 65.441 ms before its client, which waited 0.962 ms longer than it worked.
    expect(view.skews).toEqual([
      { service: 'serviceb', pod: '', movedMs: expect.closeTo(65.441 + 0.962 / 2, 2) },
    ])
    // What it did itself is moved with it.
    expect(shown('async', 'internal').startMs - server.startMs).toBeCloseTo(0.001, 3)
  })

  test('messages are asynchronous edges to and from their topics', async () => {
    const { edges, nodes } = await mapOf('messaging')
    expect(
      nodes
        .filter((node) => node.type === 'queue')
        .map((node) => node.name)
        .sort(),
    ).toEqual([...new Set(of('messaging').spans.flatMap((span) => span.tags?.['kafka.topic'] ?? []))].sort())
    const messages = edges.filter((edge) => edge.from !== 'client')
    expect(messages.every((edge) => edge.async)).toBe(true)
    expect(messages.length).toBeGreaterThan(0)
  })
})

/** Edges down to the deepest span. Of a shared span the server's half lies below the client's. */
function plainDepth(spans: readonly ZipkinSpan[]): number {
  const halves = Map.groupBy(spans, (span) => span.id)
  const halfOf = (id: string, kind: ZipkinSpan['kind']) =>
    (halves.get(id) ?? []).find((half) => half.kind === kind)
  const depthOf = (span: ZipkinSpan): number => {
    const client = halfOf(span.id, 'CLIENT')
    if (span.kind === 'SERVER' && client) return 1 + depthOf(client)
    if (span.parentId === undefined) return 0
    const server = halfOf(span.parentId, 'SERVER')
    const ofServer = server && serviceOf(server) === serviceOf(span)
    const parent = ofServer ? server : (halfOf(span.parentId, 'CLIENT') ?? halves.get(span.parentId)?.[0])
    return parent ? 1 + depthOf(parent) : 0
  }
  return Math.max(...spans.map(depthOf))
}

/** Calls by caller and callee: of a shared span, or of a server below another service's span. */
function plainCalls(spans: readonly ZipkinSpan[]): Record<string, number> {
  const halves = Map.groupBy(spans, (span) => span.id)
  const calls: Record<string, number> = {}
  for (const span of spans) {
    if (span.kind !== 'SERVER' && span.kind !== 'CONSUMER') continue
    const client = (halves.get(span.id) ?? []).find((half) => half.kind === 'CLIENT')
    const [parent] = span.parentId === undefined ? [] : (halves.get(span.parentId) ?? [])
    const caller = client ?? parent
    if (!caller) continue
    // A server right below another span of its own service is one call seen twice, but a client's is a call to itself.
    if (serviceOf(caller) === serviceOf(span) && caller.kind !== 'CLIENT' && caller.kind !== 'PRODUCER')
      continue
    const key = `tier:${serviceOf(caller)} tier:${serviceOf(span)}`
    calls[key] = (calls[key] ?? 0) + 1
  }
  return calls
}
