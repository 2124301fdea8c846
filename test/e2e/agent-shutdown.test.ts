import { writeFileSync } from 'node:fs'
import { type ClientRequest, request } from 'node:http'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type FakeKubeApi, startFakeKubeApi } from '../support/kube-api/server.ts'
import { type OtlpSink, startOtlpSink } from '../support/otlp-sink.ts'
import {
  eventually,
  freePort,
  startCli,
  type TempDirectory,
  type TestProcess,
  tempDirectory,
} from '../support/processes.ts'

let directory: TempDirectory
let kube: FakeKubeApi
let sink: OtlpSink
let agent: TestProcess
let adminUrl: string
let otlpPort: number

beforeEach(async () => {
  directory = tempDirectory('shutdown')
  kube = await startFakeKubeApi()
  for (const name of ['kube-system', 'default']) kube.create('Namespace', { metadata: { name } })
  kube.create('Namespace', { metadata: { name: 'shop', labels: { 'binnacle.dev/collect': 'enabled' } } })
  sink = await startOtlpSink()
  const [adminPort, httpPort] = await Promise.all([freePort(), freePort()])
  adminUrl = `http://127.0.0.1:${adminPort}`
  otlpPort = httpPort
  const config = {
    service: { endpoint: sink.url },
    leaderElection: { enabled: true },
    receive: { grpcPort: 0, httpPort, stopPauseMs: 1_500 },
    admin: { port: adminPort },
    spool: { directory: join(directory.path, 'spool') },
    ship: { drainMs: 20_000 },
  }
  const [configFile, kubeconfig] = [join(directory.path, 'agent.yaml'), join(directory.path, 'kubeconfig')]
  writeFileSync(configFile, JSON.stringify(config))
  writeFileSync(kubeconfig, kube.kubeconfig())
  agent = startCli('agent', '--config', configFile, '--kubeconfig', kubeconfig)
  await eventually('ready', async () => (await fetch(`${adminUrl}/readyz`)).ok || undefined, {
    hint: agent.output,
  })
})
afterEach(async () => {
  await agent.kill('SIGKILL')
  await sink.close()
  await kube.close()
  directory.remove()
})

const span = (name: string) =>
  JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'k8s.namespace.name', value: { stringValue: 'shop' } }] },
        scopeSpans: [{ spans: [{ traceId: '1'.repeat(32), spanId: '2'.repeat(16), name }] }],
      },
    ],
  })

/** A request whose body is still to come: `answer` when it has. */
function openRequest(): { readonly sent: ClientRequest; readonly answer: Promise<string> } {
  const sent = request({
    ...{ host: '127.0.0.1', port: otlpPort, path: '/v1/traces', method: 'POST' },
    headers: { 'content-type': 'application/json' },
  })
  const answer = new Promise<string>((done, fail) => {
    sent.once('error', fail)
    sent.once('response', (response) =>
      response.resume().once('end', () => done(`${response.statusCode} ${response.headers.connection}`)),
    )
  })
  return { sent, answer }
}

async function sendSpan(name: string): Promise<string> {
  const { sent, answer } = openRequest()
  sent.end(span(name))
  return answer
}

const holder = () =>
  (kube.get('Lease', { name: 'binnacle-agent' })?.['spec'] as { holderIdentity?: string })?.holderIdentity

test('SIGTERM: not ready, a pause, requests under way are answered, all is sent, then the lease is given back', async () => {
  let holderAtLastBatch: string | undefined
  sink.answer = ({ path }) => {
    if (path === '/v1/traces') holderAtLastBatch = holder()
    return { status: 200 }
  }
  const slow = openRequest()
  slow.sent.write(span('slow').slice(0, 20))
  const exited = agent.kill('SIGTERM')
  await eventually('not ready', async () => (await fetch(`${adminUrl}/readyz`)).status === 503 || undefined, {
    everyMs: 10,
  })
  expect(await sendSpan('in the pause')).toMatch(/^200/)
  await eventually('nothing new is taken', () =>
    sendSpan('late').then(
      () => undefined,
      () => true,
    ),
  )
  slow.sent.end(span('slow').slice(20))
  expect(await slow.answer).toBe('200 close')
  expect(await exited).toBe(0)
  const traces = sink.requests
    .filter(({ path }) => path === '/v1/traces')
    .map(({ body }) => body.toString('latin1'))
  expect(traces.join()).toContain('in the pause')
  expect(traces.join()).toContain('slow')
  expect(holderAtLastBatch).not.toBe('')
  expect(holder()).toBe('')
})

test('a second signal ends it at once; what was taken is in the spool', async () => {
  sink.answer = () => undefined
  expect(await sendSpan('kept')).toMatch(/^200/)
  const exited = agent.kill('SIGTERM')
  await eventually('stopping', async () => (await fetch(`${adminUrl}/readyz`)).status === 503 || undefined, {
    everyMs: 10,
  })
  const sinceMs = performance.now()
  process.kill(agent.pid, 'SIGINT')
  expect(await exited).toBeNull()
  expect(performance.now() - sinceMs).toBeLessThan(10_000)
})
