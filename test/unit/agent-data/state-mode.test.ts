import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../../support/until.ts'
import { type AgentStack, startAgentStack } from './support.ts'

let stack: AgentStack
beforeAll(async () => {
  stack = await startAgentStack({ mode: 'state', 'receive.grpcPort': 4317, 'receive.httpPort': 4318 })
})
afterAll(() => stack.close())

test('in mode state pods and events are told, and nothing listens for applications', async () => {
  const { agent, sink, kube } = stack
  kube.create('Event', {
    metadata: { name: 'e1', namespace: 'shop' },
    involvedObject: { kind: 'Pod', namespace: 'shop', name: 'web-1', uid: 'uid-web-1' },
    reason: 'BackOff',
  })
  const told = (what: string) =>
    sink.requests.some(({ path, body }) => path === '/v1/logs' && body.includes(what))
  await until(() => told('web-1') && told('BackOff'))
  expect(agent.ports).toEqual({ grpc: 0, http: 0, admin: expect.any(Number) })
  expect(agent.status().lanes.map(({ lane }) => lane)).toEqual(['kube', 'metrics'])
})

test('it says that traces are not received: in /status, in its health and in its configuration', async () => {
  const { agent, sink } = stack
  const status = agent.status()
  expect(status).toMatchObject({ mode: 'state', ready: true, health: { healthy: true } })
  const wording = 'not received: the agent runs in mode state'
  expect(status.health.components).toContainEqual({
    ...{ name: 'traces', healthy: true, status: wording, error: '' },
  })
  const reports = () =>
    sink.requests.filter(({ path }) => path === '/v1/opamp').map(({ body }) => body.toString('latin1'))
  await until(() => reports().some((text) => text.includes(wording) && text.includes('mode: state')))
})

test('bytes are counted as they are sent', async () => {
  const { agent, sink, metrics } = stack
  await until(() => agent.status().items.every(({ queued }) => queued === 0))
  const sent = sink.requests
    .filter(({ path }) => path === '/v1/logs')
    .reduce((sum, { headers }) => sum + Number(headers['content-length']), 0)
  expect(sent).toBeGreaterThan(0)
  expect(await metrics()).toContain(`binnacle_agent_shipped_bytes_total{lane="kube"} ${sent}`)
  expect(agent.status().traffic).toMatchObject({ over: 'since start', pods: 1, bytes: sent })
})
