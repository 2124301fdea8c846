import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeProto } from '../../../collector/wire/proto-writer.ts'
import { until } from '../../support/until.ts'
import { carriers } from '../intake/carriers.ts'
import { send } from '../intake/harness.ts'
import { type AgentStack, startAgentStack } from './support.ts'

/**
 * The receivers of the agent against the OTLP checklist. What is the transport's (media types, encodings, sizes, connection
 * age, keys) is the listener's that agent and service share: test/unit/intake. What is of one span (8.1/11) is judged by the
 * service alone, since the agent looks at no span.
 */
let stack: AgentStack
beforeAll(async () => {
  stack = await startAgentStack({ 'receive.bodyBytesMax': 1024 * 1024, 'batch.memoryBytesMax': 256 * 1024 })
}, 60_000)
afterAll(() => stack.close())

const ports = () => stack.agent.ports

const ids = { traceId: '0102030405060708090a0b0c0d0e0f10', spanId: '0102030405060708' }

/** One span, of the pod or of what the attributes say. */
function body(encoding: 'protobuf' | 'json', attributes: Record<string, string>, name = 'checkout'): Buffer {
  if (encoding === 'json')
    return Buffer.from(
      JSON.stringify({
        resourceSpans: [
          {
            resource: {
              attributes: Object.entries(attributes).map(([key, stringValue]) => ({
                key,
                value: { stringValue },
              })),
            },
            scopeSpans: [{ spans: [{ ...ids, name }] }],
            aFieldOfTheFuture: {},
          },
        ],
      }),
    )
  const request = writeProto().message(1, (resourceSpans) => {
    resourceSpans.message(2, (scope) => {
      scope.message(2, (span) =>
        span.bytes(1, Buffer.from(ids.traceId, 'hex')).bytes(2, Buffer.from(ids.spanId, 'hex')).text(5, name),
      )
    })
    // In pieces, behind its spans, with a field of the future.
    for (const [key, value] of Object.entries(attributes))
      resourceSpans.message(1, (resource) =>
        resource.message(1, (pair) => pair.text(1, key).message(2, (any) => any.text(1, value))),
      )
    resourceSpans.text(99, 'later')
  })
  return Buffer.from(request.finish())
}

const ours = { 'k8s.pod.uid': 'uid-web-1' }

describe.each(carriers)('an application over $name', ({ name: carrier, encoding, isGrpc, send: export_ }) => {
  const port = () => (isGrpc ? ports().grpc : ports().http)

  test('8.1/1 8.1/5 8.1/10 8.1/15 is told success, with partial_success unset, once its span is in the spool; the rest goes on as it came', async () => {
    const name = `span over ${carrier}`
    const told = await export_(port(), { body: body(encoding, ours, name) })
    expect(told).toMatchObject({ type: 'success', rejected: 0, message: '' })
    expect(Buffer.from(told.type === 'success' ? told.bytes : []).toString()).toBe(
      encoding === 'json' ? '{}' : '',
    )
    await until(() => stack.sink.requests.some((one) => one.body.includes(name)))
    const shipped = stack.sink.requests.find((one) => one.body.includes(name))
    expect(shipped?.body.includes('web-1')).toBe(true)
  })

  test('8.1/6 an empty request, and envelopes without spans, are a success', async () => {
    const empty =
      encoding === 'json'
        ? [Buffer.from('{}'), Buffer.from('{"resourceSpans":[{}]}')]
        : [Buffer.alloc(0), Buffer.from([0x0a, 0])]
    for (const one of empty)
      expect(await export_(port(), { body: one })).toMatchObject({ type: 'success', rejected: 0 })
  })

  test('8.1/7 a namespace that is not collected is a partial success with its reason', async () => {
    expect(await export_(port(), { body: body(encoding, { 'k8s.namespace.name': 'hidden' }) })).toMatchObject(
      {
        type: 'success',
        rejected: 1,
        message: expect.stringContaining('namespace hidden is not collected'),
      },
    )
  })

  test('8.1/8 what is no request is 400 or INVALID_ARGUMENT', async () => {
    expect(await export_(port(), { body: Buffer.from('junk!') })).toMatchObject({
      type: 'failure',
      status: isGrpc ? 3 : 400,
    })
  })

  test('8.1/9 what does not fit into the memory for batches comes again in a second', async () => {
    const large = body(encoding, ours, 'x'.repeat(300 * 1024))
    expect(await export_(port(), { body: large })).toMatchObject({
      type: 'failure',
      status: isGrpc ? 14 : 503,
      retryAfter: 1,
    })
  })

  test('8.1/4 more than the limit is refused, and not to be sent again', async () => {
    const told = await export_(port(), { body: body(encoding, ours, 'x'.repeat(1100 * 1024)) })
    expect(told).toMatchObject({ type: 'failure', status: isGrpc ? 8 : 413, retryAfter: undefined })
  })

  test('8.1/13 is not tied to one port', async () => {
    expect(await export_(isGrpc ? ports().http : ports().grpc, { body: body(encoding, ours) })).toMatchObject(
      {
        type: 'success',
      },
    )
  })
})

test.each([
  ['logs', [0x0a, 6, 0x12, 4, 0x12, 2, 0x18, 9]],
  ['metrics', [0x0a, 12, 0x12, 10, 0x12, 8, 0x0a, 2, 0x6d, 0x31, 0x2a, 2, 0x0a, 0]],
])('8.1/1 %s are taken and counted too', async (signal, bytes) => {
  const pod = writeProto().message(1, (resource) =>
    resource.message(1, (pair) => pair.text(1, 'k8s.pod.uid').message(2, (any) => any.text(1, 'uid-web-1'))),
  )
  const request = writeProto().message(1, (one) => one.raw(pod.finish()).raw(Buffer.from(bytes.slice(2))))
  const answer = await send(ports().http, { path: `/v1/${signal}`, body: request.finish() })
  expect([answer.status, answer.body.length]).toEqual([200, 0])
  const line = stack.agent.status().items.find((one) => one.lane === signal && one.signal === signal)
  expect(line?.received).toBe(1)
})

test('8.1/3 gzip is taken', async () => {
  const headers = { 'content-encoding': 'gzip' }
  expect((await send(ports().http, { headers, body: gzipSync(body('protobuf', ours)) })).status).toBe(200)
})

test('8.1/14 a browser may send from any origin, without credentials', async () => {
  const headers = { origin: 'https://shop.example', 'access-control-request-method': 'POST' }
  const preflight = await send(ports().http, { method: 'OPTIONS', headers })
  expect(preflight.status).toBe(204)
  expect(preflight.headers).toMatchObject({
    'access-control-allow-origin': '*',
    'access-control-allow-headers': expect.stringContaining('content-encoding'),
  })
  expect(preflight.headers).not.toHaveProperty('access-control-allow-credentials')
  const { origin } = headers
  const answer = await send(ports().http, { headers: { origin }, body: body('protobuf', ours) })
  expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([200, '*'])
})

test('8.1/16 accepted, rejected and refused are on /metrics', async () => {
  const text = await stack.metrics()
  for (const line of [
    /binnacle_agent_items_received_total\{[^}]*lane="traces"[^}]*\} [1-9]/,
    /binnacle_agent_items_rejected_total\{[^}]*reason="namespace-not-selected"[^}]*\} [1-9]/,
    /binnacle_agent_items_rejected_total\{[^}]*reason="not-kept"[^}]*\} [1-9]/,
    /binnacle_agent_otlp_refused_total\{[^}]*reason="too-large"[^}]*\} [1-9]/,
    /binnacle_agent_otlp_requests_total\{[^}]*result="invalid"[^}]*\} [1-9]/,
    /binnacle_agent_refused_items_total\{[^}]*namespace="hidden"[^}]*\} [1-9]/,
  ])
    expect(text).toMatch(line)
})
