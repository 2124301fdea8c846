import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { createIngest } from '../../../collector/service/ingest/ingest.ts'
import { systemClock } from '../../../collector/std/clock.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { createSelfMetrics } from '../../../collector/std/self-metrics.ts'
import { jsonToProtobuf } from '../../../collector/wire/json-to-protobuf.ts'
import { mutate, mutations } from '../../property/mutations.ts'
import { testSeed } from '../../support/test-seed.ts'
import { createFakeStore } from '../ingest/fake-store.ts'
import { traceBody } from '../ingest/otlp-bodies.ts'
import { carriers, type Told } from './carriers.ts'
import { startListener } from './listener-harness.ts'

const seed = testSeed()
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** The way of the service: bodies are inflated and decoded behind the listener. */
async function start() {
  const store = createFakeStore()
  const metrics = createSelfMetrics({ part: 'service', version: '0', instanceId: 'i' })
  const deps = { store, clock: systemClock, log: silentLog, metrics, instanceId: 'i' }
  const ingest = createIngest(deps, { blockAgeMs: 5 })
  closing.push(() => metrics.close())
  closing.push(() => ingest.close())
  const listener = await startListener({ inflate: 'handler' })
  listener.handle = ingest.handle
  closing.push(() => listener.close())
  return { store, port: listener.port }
}

describe.each(carriers)('foreign bytes over $name', ({ encoding, isGrpc, send }) => {
  const json = traceBody({ spans: 3, startMs: Date.now() })
  const good = encoding === 'json' ? json : jsonToProtobuf('traces', Buffer.from(json))

  test('8.1/8 bad input is success, partial success or 400 with a message, never 500 and never to be sent again', async () => {
    console.log(`seed ${seed}`)
    const { store, port } = await start()
    const bodies = fc.sample(mutations, { numRuns: 150, seed }).map((steps) => mutate(good, steps))
    const told: Told[] = []
    for (let at = 0; at < bodies.length; at += 25)
      told.push(...(await Promise.all(bodies.slice(at, at + 25).map((body) => send(port, { body })))))
    const failures = told.filter((one) => one.type === 'failure')
    for (const { status, retryAfter, rpc } of failures) {
      expect([status, retryAfter, rpc.details]).toEqual([isGrpc ? 3 : 400, undefined, ['BadRequest']])
      expect(rpc.message).not.toBe('')
    }
    for (const one of told) if (one.type === 'success' && one.rejected > 0) expect(one.message).not.toBe('')
    // Some were found bad and some were not, or this has tried nothing.
    expect([failures.length > 0, failures.length < told.length]).toEqual([true, true])
    const before = store.stored('spans').length
    expect(await send(port, { body: good })).toMatchObject({ type: 'success', rejected: 0 })
    expect(store.stored('spans')).toHaveLength(before + 3)
  })

  const damaged = { 'damaged gzip': ['gzip', good], 'damaged zstd': ['zstd', good] } as const
  // A gRPC client compresses by itself.
  test.each(isGrpc ? [] : Object.entries(damaged))(
    '8.1/8 bad input: %s, found behind the listener, is 400',
    async (_name, [compression, body]) => {
      const { port } = await start()
      expect(await send(port, { body, headers: { 'content-encoding': compression } })).toMatchObject({
        status: 400,
        rpc: { code: 3, details: ['BadRequest'] },
      })
    },
  )
})
