import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseAgentConfig } from '../../../collector/agent/config.ts'
import { type RunningAgent, startAgent } from '../../../collector/agent/main.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { type FakeKubeApi, startFakeKubeApi } from '../../support/kube-api/server.ts'
import { type OtlpSink, startOtlpSink } from '../../support/otlp-sink.ts'
import { eventually, type TempDirectory, tempDirectory } from '../../support/processes.ts'

let directory: TempDirectory
let kube: FakeKubeApi
let sink: OtlpSink
let agent: RunningAgent

const at = (name: string) => join(directory.path, name)

beforeEach(async () => {
  directory = tempDirectory('rotation')
  kube = await startFakeKubeApi()
  kube.create('Namespace', { metadata: { name: 'kube-system' } })
  kube.create('Namespace', { metadata: { name: 'shop', labels: { 'binnacle.dev/collect': 'enabled' } } })
  kube.faults.token = 'first'
  sink = await startOtlpSink()
  writeFileSync(at('token'), 'first')
  writeFileSync(at('key'), 'first\n')
  writeFileSync(at('kubeconfig'), kube.kubeconfig({ tokenFile: at('token') }))
  const config = parseAgentConfig({
    overrides: {
      'service.endpoint': sink.url,
      'service.accessKeyFile': at('key'),
      'spool.directory': at('spool'),
      'batch.kubeWindowMs': 10,
      'ship.retryFirstMs': 20,
      'ship.retryMaxMs': 50,
      'ship.drainMs': 100,
      'receive.grpcPort': 0,
      'receive.httpPort': 0,
      'admin.port': 0,
      'scrape.enabled': false,
    },
  })
  agent = await startAgent(config, { version: '0', log: silentLog, kubeconfig: at('kubeconfig') })
  await eventually('ready', () => agent.status().ready || undefined)
})
afterEach(async () => {
  await agent.close()
  await sink.close()
  await kube.close()
  directory.remove()
})

/** Whether something new of the cluster reaches the service. */
async function tells(name: string): Promise<void> {
  kube.create('Pod', { metadata: { name, namespace: 'shop' }, spec: { containers: [] }, status: {} })
  const accepted = () => sink.requests.some(({ body }) => body.includes(`"name":"${name}"`))
  await eventually(`${name} is told`, () => accepted() || undefined)
}

test('a service account token that rotates: watches that end with the old one go on with the new', async () => {
  await tells('before')
  kube.faults.token = 'second'
  writeFileSync(at('token'), 'second')
  kube.faults.closeWatches()
  await tells('after')
  const refused = agent.status().health.components.filter(({ healthy }) => !healthy)
  expect(refused).toEqual([])
})

test('an access key that rotates: what was refused meanwhile is sent with the new one', async () => {
  await tells('before')
  sink.answer = ({ headers }) => ({ status: headers.authorization === 'Bearer second' ? 200 : 401 })
  kube.create('Pod', {
    metadata: { name: 'meanwhile', namespace: 'shop' },
    spec: { containers: [] },
    status: {},
  })
  await eventually(
    'the refusal shows',
    () =>
      agent
        .status()
        .health.components.some(({ name, error }) => name === 'shipping' && error.includes('401')) ||
      undefined,
  )
  writeFileSync(at('key'), 'second\n')
  await eventually('it is sent', () => {
    const kubeLane = agent.status().items.find(({ lane }) => lane === 'kube')
    return kubeLane && kubeLane.queued === 0 && kubeLane.rejected === 0 ? true : undefined
  })
})
