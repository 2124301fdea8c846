import { fastify } from 'fastify'
import { Agent } from 'undici'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type AgentReport, createReporter } from '../../../collector/agent/control/reporter.ts'
import type { AgentTableRow } from '../../../collector/record/agent.ts'
import { createAgentRegistry } from '../../../collector/service/control/agent-registry.ts'
import { registerOpampRoute } from '../../../collector/service/control/opamp-route.ts'
import { createAgentConfigs } from '../../../collector/service/store/agent-configs.ts'
import type { InsertOutcome } from '../../../collector/service/store/store.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { encodeAgentMessage, parseAgentMessage, parseServerMessage } from '../../../collector/wire/opamp.ts'
import { createManualClock } from '../../support/manual-clock.ts'

const agentUid = '01890a5d-ac96-774b-bcce-b302099a8057'
const dispatcher = new Agent()

const report = (status = 'ok', yaml = 'log:\n  level: info\n'): AgentReport => ({
  description: new Map([
    ['service.name', 'binnacle-agent'],
    ['service.version', '0.1.0'],
    ['k8s.cluster.uid', 'c1'],
    ['k8s.cluster.name', 'demo'],
  ]),
  health: {
    healthy: status === 'ok',
    status,
    error: '',
    startedAtMs: 1_700_000_000_000,
    components: [{ name: 'spool', healthy: true, status: '0 B', error: '' }],
  },
  effectiveConfig: yaml,
})

async function startService() {
  const clock = createManualClock()
  const rows: AgentTableRow[] = []
  const store = { outcome: { type: 'stored', rows: 1 } as InsertOutcome }
  const app = fastify()
  // As the OTLP routes of the service do on the same instance.
  app.addContentTypeParser('application/x-protobuf', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  )
  const start = () =>
    createAgentRegistry(
      {
        clock,
        log: silentLog,
        store: {
          insert: async (inserted) => {
            if (store.outcome.type === 'stored') rows.push(...(inserted.rows as AgentTableRow[]))
            return store.outcome
          },
        },
      },
      { agentsMax: 2 },
    )
  let registry = start()
  const configs = createAgentConfigs({
    clock,
    log: silentLog,
    store: { query: async () => [], insert: async () => ({ type: 'unavailable', message: '' }) },
  })
  await registerOpampRoute(app, {
    registry: { report: (message) => registry.report(message) },
    configs,
    clock,
  })
  const endpoint = await app.listen({ host: '127.0.0.1', port: 0 })
  return {
    clock,
    rows,
    store,
    app,
    endpoint,
    restart() {
      registry = start()
    },
    post: (body: Uint8Array, type = 'application/x-protobuf') =>
      fetch(`${endpoint}/v1/opamp`, {
        method: 'POST',
        headers: { 'content-type': type },
        body: Buffer.from(body),
      }),
  }
}

let service: Awaited<ReturnType<typeof startService>>
beforeEach(async () => {
  service = await startService()
})
afterEach(() => service.app.close())

function startReporter(read: () => AgentReport) {
  const clock = createManualClock()
  const stopping = new AbortController()
  const reporter = createReporter(
    {
      dispatcher,
      authorization: async () => ({}),
      clock,
      random: () => 0.5,
      log: silentLog,
      read,
      onOffer: () => {},
    },
    { endpoint: service.endpoint, agentUid, intervalMs: 500, timeoutMs: 5_000 },
  )
  const running = reporter.run(stopping.signal)
  return {
    reporter,
    /** Waits for the report under way, then lets the interval pass. */
    async round() {
      while (clock.sleepers() === 0) await new Promise((resolve) => setTimeout(resolve, 2))
      await clock.advance(550)
      while (clock.sleepers() === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    },
    async stop() {
      stopping.abort()
      await running
    },
  }
}

describe('OpAMP between agent and service', () => {
  test('the first report makes a row of the agents table', async () => {
    const agent = startReporter(() => report())
    await agent.round()
    await agent.stop()
    expect(service.rows[0]).toEqual({
      agent_uid: agentUid,
      cluster_id: 'c1',
      cluster_name: 'demo',
      version: '0.1.0',
      started_at: 1_700_000_000_000,
      last_seen: service.clock.nowMs(),
      healthy: true,
      health: JSON.stringify([
        { name: 'agent', healthy: true, status: 'ok', error: '' },
        { name: 'spool', healthy: true, status: '0 B', error: '' },
      ]),
      effective_config: 'log:\n  level: info\n',
      description: report().description,
      remote_config: '',
    })
  })

  test('a row is written on a change, and otherwise at most every 10 s', async () => {
    let status = 'ok'
    const agent = startReporter(() => report(status))
    await agent.round()
    await agent.round()
    expect(service.rows).toHaveLength(1)
    status = 'degraded'
    await agent.round()
    expect(service.rows.map(({ healthy }) => healthy)).toEqual([true, false])
    await service.clock.advance(10_000)
    await agent.round()
    expect(service.rows).toHaveLength(3)
    await agent.stop()
  })

  test('after a restart of the service the agent reports everything again', async () => {
    const agent = startReporter(() => report())
    await agent.round()
    service.restart()
    await agent.round()
    await agent.round()
    expect(service.rows).toHaveLength(2)
    expect(service.rows[1]?.effective_config).toBe('log:\n  level: info\n')
    await agent.stop()
  })

  test('an agent that stops says so', async () => {
    const agent = startReporter(() => report())
    await agent.round()
    await agent.stop()
    await agent.reporter.disconnect()
    expect(service.rows.at(-1)).toMatchObject({ healthy: false, health: expect.stringContaining('stopped') })
  })

  test('a database that is away costs no report: the next one is written', async () => {
    service.store.outcome = { type: 'unavailable', message: 'away' }
    const agent = startReporter(() => report())
    await agent.round()
    service.store.outcome = { type: 'stored', rows: 1 }
    await agent.round()
    expect(service.rows).toHaveLength(1)
    await agent.stop()
  })

  test('a service without OpAMP is a failure in the state, nothing else', async () => {
    const app = fastify()
    const endpoint = await app.listen({ host: '127.0.0.1', port: 0 })
    const reporter = createReporter(
      {
        dispatcher,
        authorization: async () => ({}),
        clock: createManualClock(),
        random: () => 0,
        log: silentLog,
        read: () => report(),
        onOffer: () => {},
      },
      { endpoint, agentUid, intervalMs: 5_000, timeoutMs: 5_000 },
    )
    const stopping = new AbortController()
    const running = reporter.run(stopping.signal)
    while (reporter.state().failure === undefined) await new Promise((resolve) => setTimeout(resolve, 2))
    expect(reporter.state().failure).toBe('the service answered 404')
    stopping.abort()
    await running
    await app.close()
  })

  test.each([
    ['junk', Buffer.from('junk'), 'application/x-protobuf', 400],
    ['a message without an instance uid', Buffer.alloc(0), 'application/x-protobuf', 400],
    ['JSON', Buffer.from('{}'), 'application/json', 415],
    ['too much', Buffer.alloc(600_000), 'application/x-protobuf', 413],
  ])('%s is refused', async (_, body, type, status) => {
    expect((await service.post(body, type)).status).toBe(status)
    expect(service.rows).toEqual([])
  })

  test('the registry forgets the agent that was silent longest and asks it again', async () => {
    const uids = ['1', '2', '3'].map((digit) => agentUid.slice(0, -1) + digit)
    for (const uid of uids)
      await service.post(encodeAgentMessage({ agentUid: uid, sequence: 1, disconnect: false, ...report() }))
    const heartbeat = (uid: string) => encodeAgentMessage({ agentUid: uid, sequence: 2, disconnect: false })
    const asked = await service.post(heartbeat(uids[0] ?? ''))
    const known = await service.post(heartbeat(uids[2] ?? ''))
    const full = async (response: Response) => parseServerMessage(await response.bytes()).reportFullState
    expect([await full(asked), await full(known)]).toEqual([true, false])
  })

  test('a message survives its encoding', () => {
    const message = { agentUid, sequence: 7, disconnect: true, ...report('degraded') }
    expect(parseAgentMessage(encodeAgentMessage(message))).toEqual(message)
  })
})
