import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { writeProto } from '../../../collector/wire/proto-writer.ts'
import { freePort } from '../../support/processes.ts'
import { until } from '../../support/until.ts'
import { send } from '../intake/harness.ts'
import { type AgentStack, startAgentStack } from './support.ts'

const traces = 200

test('of two replicas that sample, the one that owns a trace decides about all of its spans; while one is away nothing is lost', async () => {
  const port = await freePort()
  const addresses = ['127.0.0.1', '127.0.0.2']
  const replica = (ownAddress: string) =>
    startAgentStack(
      {
        'sampling.enabled': true,
        'sampling.ratio': 0.0001,
        'sampling.ageMs': 60_000,
        'sampling.afterRootMs': 60_000,
        'sampling.replicas.address': `agents.observe.svc:${port}`,
        'sampling.replicas.ownAddress': ownAddress,
        'receive.host': ownAddress,
        'receive.httpPort': port,
        'ship.drainMs': 10_000,
      },
      { resolve: async () => addresses },
    )
  const [one, two] = (await Promise.all(addresses.map(replica))) as [AgentStack, AgentStack]
  const stacks = [one, two]
  const line = ({ agent }: AgentStack) => agent.status().items.find(({ lane }) => lane === 'traces')
  const sum = (key: 'received' | 'shipped' | 'sampled' | 'dropped' | 'rejected' | 'queued') =>
    stacks.reduce((total, stack) => total + (line(stack)?.[key] ?? 0), 0)
  try {
    for (const stack of stacks)
      await until(async () => (await stack.metrics()).includes('binnacle_agent_sampling_replicas 2'))
    // The roots reach one replica, their failed children another; every second trace fails.
    const roots = request((index) => span(index, 'root'))
    const children = request((index) => span(index, 'child', index % 2 === 0))
    expect((await send(port, { body: roots, host: addresses[0] })).status).toBe(200)
    expect((await send(port, { body: children, host: addresses[1] })).status).toBe(200)
    await until(() => sum('received') === 2 * traces)
    const forwarded = /sampling_forwarded_spans_total\{[^}]*outcome="taken"[^}]*\} (\d+)/
    for (const stack of stacks)
      expect(Number(forwarded.exec(await stack.metrics())?.[1])).toBeGreaterThan(traces / 4)

    await two.agent.close()
    const more = request((index) => span(traces + index, 'alone'))
    expect((await send(port, { body: more, host: addresses[0] })).status).toBe(200)
    await until(() => sum('received') === 3 * traces)
    expect(await one.metrics()).toMatch(/sampling_forwarded_spans_total\{[^}]*outcome="kept here"/)

    await one.agent.close()
    expect(sum('shipped') + sum('sampled')).toBe(3 * traces)
    expect([sum('dropped'), sum('rejected'), sum('queued')]).toEqual([0, 0, 0])
    const names = stacks
      .flatMap(({ sink }) => sink.requests.filter(({ path }) => path === '/v1/traces'))
      .flatMap(({ body }) => body.toString('latin1').match(/(root|child) of \d+ (failed|fine)/g) ?? [])
    const failed = new Set(Array.from({ length: traces / 2 }, (_, half) => half * 2))
    for (const index of failed) {
      expect(names).toContain(`root of ${index} fine`)
      expect(names).toContain(`child of ${index} failed`)
    }
    // Who the spans are of is known by the replica that they reached first.
    const bodies = stacks.flatMap(({ sink }) => sink.requests.filter(({ path }) => path === '/v1/traces'))
    expect(bodies.every(({ body }) => body.includes('web-1'))).toBe(true)
  } finally {
    await Promise.all(stacks.map((stack) => stack.close()))
  }
}, 60_000)

function span(index: number, name: string, failed = false): (scope: Scope) => void {
  const traceId = createHash('md5').update(`trace ${index}`).digest()
  return (scope) =>
    scope.message(2, (one) => {
      one.bytes(1, traceId).bytes(2, createHash('md5').update(`${name} ${index}`).digest().subarray(0, 8))
      if (name === 'child') one.bytes(4, Buffer.alloc(8, 1))
      one.text(5, `${name} of ${index} ${failed ? 'failed' : 'fine'}`).varint(6, name === 'child' ? 1 : 2)
      if (failed) one.message(15, (status) => status.varint(3, 2))
    })
}

type Scope = ReturnType<typeof writeProto>

function request(spanOf: (index: number) => (scope: Scope) => void): Uint8Array {
  return writeProto()
    .message(1, (resourceSpans) =>
      resourceSpans
        .message(1, (resource) =>
          resource.message(1, (pair) =>
            pair.text(1, 'k8s.pod.uid').message(2, (value) => value.text(1, 'uid-web-1')),
          ),
        )
        .message(2, (scope) => {
          for (let index = 0; index < traces; index++) spanOf(index)(scope)
        }),
    )
    .finish()
}
