import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAgentConfig } from '../../../collector/agent/config.ts'
import { type AgentDeps, type RunningAgent, startAgent } from '../../../collector/agent/main.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { type FakeKubeApi, startFakeKubeApi } from '../../support/kube-api/server.ts'
import { type OtlpSink, startOtlpSink } from '../../support/otlp-sink.ts'
import { until } from '../../support/until.ts'

/** What makes an agent quick enough for a test, on free ports. */
export const quickAgent = {
  'spool.syncWindowMs': 2,
  'batch.windowMs': 20,
  'batch.kubeWindowMs': 20,
  'ship.retryFirstMs': 20,
  'ship.reconnectMaxMs': 50,
  'ship.retryMaxMs': 50,
  'receive.grpcPort': 0,
  'receive.httpPort': 0,
  'admin.port': 0,
  'scrape.enabled': false,
}

/** A ready agent between the fake API server, which holds the pod `web-1` of the collected namespace `shop`, and a sink. */
export interface AgentStack {
  readonly agent: RunningAgent
  readonly kube: FakeKubeApi
  readonly sink: OtlpSink
  metrics(): Promise<string>
  close(): Promise<void>
}

export async function startAgentStack(
  overrides: Record<string, unknown> = {},
  deps: Partial<AgentDeps> = {},
  prepare: (kube: FakeKubeApi) => void = () => {},
): Promise<AgentStack> {
  const directory = mkdtempSync(join(tmpdir(), 'binnacle-agent-'))
  const kube = await startFakeKubeApi()
  writeFileSync(join(directory, 'kubeconfig'), kube.kubeconfig())
  kube.create('Namespace', { metadata: { name: 'kube-system', uid: 'uid-kube-system' } })
  kube.create('Namespace', { metadata: { name: 'shop', labels: { 'binnacle.dev/collect': 'enabled' } } })
  kube.create('Namespace', { metadata: { name: 'hidden' } })
  kube.create('Pod', {
    metadata: { name: 'web-1', namespace: 'shop', uid: 'uid-web-1' },
    spec: { nodeName: 'node-1', containers: [{ name: 'main', image: 'registry/web:v3' }] },
    status: { phase: 'Running', podIP: '10.0.0.7' },
  })
  prepare(kube)
  const sink = await startOtlpSink()
  const config = parseAgentConfig({
    overrides: {
      'service.endpoint': sink.url,
      'spool.directory': join(directory, 'spool'),
      'ship.drainMs': 100,
      ...quickAgent,
      ...overrides,
    },
  })
  const kubeconfig = join(directory, 'kubeconfig')
  const agent = await startAgent(config, { version: '0.1.0', log: silentLog, kubeconfig, ...deps })
  await until(() => agent.status().ready, 30_000)
  return {
    agent,
    kube,
    sink,
    metrics: async () => (await fetch(`http://127.0.0.1:${agent.ports.admin}/metrics`)).text(),
    async close() {
      await agent.close()
      await sink.close()
      await kube.close()
      rmSync(directory, { recursive: true })
    },
  }
}
