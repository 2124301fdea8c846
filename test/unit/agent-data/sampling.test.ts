import { expect, test } from 'vitest'
import { readProto } from '../../../collector/wire/proto-reader.ts'
import { writeProto } from '../../../collector/wire/proto-writer.ts'
import { until } from '../../support/until.ts'
import { send } from '../intake/harness.ts'
import { startAgentStack } from './support.ts'

test('with tail sampling every received span is shipped or counted as sampled, errors first of all, also at the end', async () => {
  const stack = await startAgentStack({
    'sampling.enabled': true,
    'sampling.ratio': 0.0001,
    'sampling.ageMs': 60_000,
    'sampling.afterRootMs': 60_000,
    'ship.drainMs': 10_000,
  })
  const { agent, sink } = stack
  try {
    const bodies = [{ spans: 200 }, { spans: 50, error: true }].map(request)
    for (const body of bodies) expect((await send(agent.ports.http, { body })).status).toBe(200)
    const line = () => agent.status().items.find(({ lane }) => lane === 'traces')
    await until(() => line()?.received === 250)
    expect(line()).toMatchObject({ shipped: 0, queued: 250 })
    // Nothing is decided for a minute: what is shipped now is decided because the agent ends.
    await agent.close()
    const { shipped = 0, sampled = 0, dropped, rejected, queued } = line() ?? {}
    expect({ sum: shipped + sampled, dropped, rejected, queued }).toEqual({
      sum: 250,
      dropped: 0,
      rejected: 0,
      queued: 0,
    })
    const traces = sink.requests.filter(({ path }) => path === '/v1/traces')
    const names = traces.flatMap(({ body }) => body.toString('latin1').match(/(?:failed|usual) call/g) ?? [])
    expect(names.filter((name) => name === 'failed call')).toHaveLength(50)
    expect(names).toHaveLength(shipped)
    expect(sampled).toBeGreaterThan(100)
    expect(traces.every(({ body }) => readProto(body).next() && body.includes('web-1'))).toBe(true)
  } finally {
    await stack.close()
  }
}, 60_000)

function request({ spans, error = false }: { spans: number; error?: boolean }): Uint8Array {
  const name = error ? 'failed call' : 'usual call'
  return writeProto()
    .message(1, (resourceSpans) =>
      resourceSpans
        .message(1, (resource) =>
          resource.message(1, (pair) =>
            pair.text(1, 'k8s.pod.uid').message(2, (value) => value.text(1, 'uid-web-1')),
          ),
        )
        .message(2, (scope) => {
          for (let index = 0; index < spans; index++)
            scope.message(2, (span) => {
              // Ids whose random bits are low are the first to go.
              const traceId = Buffer.from(
                `${error ? 'e' : 'u'}${String(index).padStart(8, '0')}`.padEnd(16, '\0'),
              )
              span
                .bytes(1, traceId)
                .bytes(2, Buffer.alloc(8, index + 1))
                .text(5, name)
                .varint(6, 2)
              if (error) span.message(15, (status) => status.varint(3, 2))
            })
        }),
    )
    .finish()
}
