import { randomFillSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { writeProto } from '../../collector/wire/proto-writer.ts'
import { until } from '../support/until.ts'
import { startAgentStack } from '../unit/agent-data/support.ts'

const events = 100
/** Events that are not stored yet. */
const inFlight = 10
const floodBytes = 1024 * 1024

test('a flood of traces that fills its spool while the service is slow delays no event', async () => {
  const stack = await startAgentStack({ 'spool.bytesMax': 64 * 1024 * 1024 })
  const { agent, kube, sink, metrics } = stack
  let flooding = true
  try {
    const storedAtMs = new Map<string, number>()
    sink.answer = ({ path, body }) => {
      // The service takes no traces at all, and everything else at once.
      if (path === '/v1/traces') return { status: 503 }
      for (const [, name] of body.toString('latin1').matchAll(/event-at-(\d+-\d+);/g))
        if (name && !storedAtMs.has(name)) storedAtMs.set(name, performance.now())
      return { status: 200 }
    }
    const flood = async () => {
      while (flooding)
        await fetch(`http://127.0.0.1:${agent.ports.http}/v1/traces`, {
          method: 'POST',
          headers: { 'content-type': 'application/x-protobuf' },
          body: Buffer.from(bigSpan()),
        }).catch(() => {})
    }
    const floods = Array.from({ length: 2 }, flood)
    const lost = async () =>
      /items_dropped_total\{[^}]*reason="spool-full"[^}]*lane="traces"|items_dropped_total\{[^}]*lane="traces"[^}]*reason="spool-full"/.test(
        await metrics(),
      )
    await until(lost, 60_000)

    const writtenAtMs = new Map<string, number>()
    for (let index = 0; index < events; index++) {
      const name = `${index}-${Math.round(performance.now())}`
      writtenAtMs.set(name, performance.now())
      kube.create('Event', eventOf(name))
      await until(() => storedAtMs.size > index - inFlight, 30_000)
    }
    await until(() => storedAtMs.size === events, 30_000)
    flooding = false
    await Promise.all(floods)
    const delays = [...writtenAtMs]
      .map(([name, atMs]) => (storedAtMs.get(name) ?? Number.NaN) - atMs)
      .sort((a, b) => a - b)
    const p99 = delays[Math.ceil(events * 0.99) - 1]
    console.log(
      `event → stored while traces flood: p50 ${delays[events / 2]?.toFixed(0)} ms, p99 ${p99?.toFixed(0)} ms`,
    )
    expect(p99).toBeLessThan(5_000)
    const kubeLane = agent.status().items.find(({ lane }) => lane === 'kube')
    expect(kubeLane).toMatchObject({ dropped: 0, rejected: 0 })
  } finally {
    flooding = false
    await stack.close()
  }
}, 120_000)

/** A span of a megabyte that does not compress. */
function bigSpan(): Uint8Array {
  const noise = randomFillSync(Buffer.alloc(floodBytes))
  return writeProto()
    .message(1, (resourceSpans) =>
      resourceSpans
        .message(1, (resource) =>
          resource.message(1, (pair) =>
            pair.text(1, 'k8s.pod.uid').message(2, (value) => value.text(1, 'uid-web-1')),
          ),
        )
        .message(2, (scopeSpans) => scopeSpans.message(2, (span) => span.bytes(3, noise))),
    )
    .finish()
}

function eventOf(name: string) {
  return {
    metadata: { name: `event-${name}`, namespace: 'shop' },
    involvedObject: { kind: 'Pod', namespace: 'shop', name: 'web-1', uid: 'uid-web-1' },
    type: 'Warning',
    reason: 'BackOff',
    message: `event-at-${name};`,
    count: 1,
    firstTimestamp: new Date().toISOString(),
    lastTimestamp: new Date().toISOString(),
  }
}
