import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { parseAgentConfig } from '../../collector/agent/config.ts'
import { type RunningAgent, startAgent } from '../../collector/agent/main.ts'
import { silentLog } from '../../collector/std/log.ts'
import { parseWebhookConfig } from '../../collector/webhook/config.ts'
import { startWebhook } from '../../collector/webhook/main.ts'
import { type ChartValues, configFile, hasHelm, render } from '../support/helm.ts'
import type { KubeObject } from '../support/kube-api/objects.ts'
import { type FakeKubeApi, startFakeKubeApi } from '../support/kube-api/server.ts'
import { type OtlpSink, startOtlpSink } from '../support/otlp-sink.ts'
import { type TempDirectory, tempDirectory } from '../support/processes.ts'
import { compareRights, grantsOf } from '../support/rights.ts'
import { until } from '../support/until.ts'

/**
 * The agent and the webhook as the chart installs them (configuration, roles), against an API server that notes what it is
 * asked for: nothing is granted that they do not use, and nothing used that is not granted.
 */
let directory: TempDirectory
let kube: FakeKubeApi
let sink: OtlpSink
let agent: RunningAgent | undefined

afterEach(async () => {
  await agent?.close()
  agent = undefined
  await sink?.close()
  await kube?.close()
  directory?.remove()
})

const withHelm = test.skipIf(!hasHelm)
const examples = (...names: string[]) => names.map((name) => `binnacle-agent/examples/${name}.yaml`)
const cases: readonly (readonly [string, ChartValues])[] = [
  ['by default', { files: examples('minimal') }],
  ['at the edge', { files: examples('edge') }],
  [
    'in namespaces alone, with a leader and crash logs',
    { files: examples('namespaced'), sets: ['replicas=2', 'crashLogs.enabled=true'] },
  ],
  [
    'with injection, a leader and crash logs',
    { files: examples('injection'), sets: ['replicas=2', 'crashLogs.enabled=true'] },
  ],
]

withHelm.for(cases)('what the chart grants is what the agent asks for: %s', async ([, values]) => {
  const manifests = render('binnacle-agent', values)
  const grants = grantsOf(manifests, 'test-binnacle-agent')
  await startCluster()
  const running = await startAgent(
    parseAgentConfig({
      ...configFile(manifests, 'agent.yaml'),
      overrides: {
        'service.endpoint': sink.url,
        'spool.directory': join(directory.path, 'spool'),
        'ship.drainMs': 0,
        'receive.grpcPort': 0,
        'receive.httpPort': 0,
        'receive.stopPauseMs': 0,
        'admin.port': 0,
        'scrape.intervalMs': 1_000,
        'leaderElection.identity': 'agent-0',
        'leaderElection.leaseDurationMs': 1_000,
        'leaderElection.renewDeadlineMs': 800,
        'leaderElection.retryMs': 100,
      },
    }),
    { version: '0.1.0', log: silentLog, kubeconfig: join(directory.path, 'kubeconfig') },
  )
  agent = running
  const unused = () => compareRights(grants, kube.accesses()).unused
  await until(() => running.status().ready && running.status().leader)
  createPod({ namespace: 'payments', name: 'till-new' })
  kube.patch('Pod', { namespace: 'payments', name: 'till-new' }, { status: crashed })
  // Once the pods that run well are known, one of each workload crashes: its last lines are read, its injection switched off.
  for (const workload of ['web', 'api']) {
    createPod({ namespace: 'shop', name: `${workload}-new` }, { 'binnacle.dev/injected': 'h1' })
    kube.patch('Pod', { namespace: 'shop', name: `${workload}-new` }, { status: crashed })
    await until(() =>
      compareRights(grants, kube.accesses()).unused.every(
        (right) => right !== 'create configmaps in binnacle',
      ),
    )
  }
  await until(() => unused().length === 0).catch(() => {})
  await running.close()
  expect(compareRights(grants, kube.accesses())).toEqual({ unused: [], ungranted: [] })
})

withHelm(
  'the webhook as the chart installs it serves, is trusted and injects, by the rights on its own objects alone',
  async () => {
    const manifests = render('binnacle-agent', { files: examples('injection') })
    const grants = grantsOf(manifests, 'test-binnacle-agent-webhook')
    await startCluster()
    for (const { kind, ...object } of manifests)
      if (kind === 'MutatingWebhookConfiguration' || kind === 'Secret')
        kube.create(kind, object as KubeObject)
    const webhook = await startWebhook(
      parseWebhookConfig({
        ...configFile(manifests, 'webhook.yaml'),
        overrides: { 'listen.host': '127.0.0.1', 'listen.port': 0, 'listen.stopPauseMs': 0, 'admin.port': 0 },
      }),
      { version: '0.1.0', log: silentLog, kubeconfig: join(directory.path, 'kubeconfig') },
    )
    try {
      kube.serviceAddress = (namespace, name) =>
        `${namespace}/${name}` === 'binnacle/test-binnacle-agent-webhook'
          ? `127.0.0.1:${webhook.ports.https}`
          : undefined
      await until(async () => (await fetch(`http://127.0.0.1:${webhook.ports.admin}/readyz`)).ok)
      await until(() => text(kube.list('MutatingWebhookConfiguration')).includes('caBundle'))
      const annotations = await annotationsOfNewPod()
      expect(annotations).toEqual({ 'binnacle.dev/injection': 'injected: node, java' })
    } finally {
      await webhook.close()
    }
    const accesses = kube.accesses().filter(({ client }) => client === 'binnacle-webhook')
    expect(compareRights(grants, accesses)).toEqual({ unused: [], ungranted: [] })
  },
)

withHelm('a right too many and one too few are told apart', () => {
  const grants = grantsOf(render('binnacle-agent', { files: examples('minimal') }), 'test-binnacle-agent')
  const access = { verb: 'delete', group: '', resource: 'pods', namespace: 'shop', name: 'web', client: '' }
  const { unused, ungranted } = compareRights(grants, [access])
  expect(ungranted).toEqual(['delete pods web in shop'])
  expect(unused).toContain('watch deployments.apps')
})

const text = (value: unknown) => JSON.stringify(value)

async function annotationsOfNewPod(): Promise<unknown> {
  const answer = await fetch(`${kube.url}/api/v1/namespaces/shop/pods`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: text({
      kind: 'Pod',
      metadata: { name: 'fresh' },
      spec: { containers: [{ name: 'app', image: 'app' }] },
    }),
  })
  return ((await answer.json()) as KubeObject).metadata['annotations']
}

async function startCluster(): Promise<void> {
  directory = tempDirectory('rights')
  kube = await startFakeKubeApi()
  kube.usage = () => [{ name: 'main', cpuNanocores: 1, memoryBytes: 1 }]
  kube.logs = () => 'the last line'
  // As before Kubernetes 1.32: else the list is part of the watch.
  kube.faults.watchList = false
  writeFileSync(join(directory.path, 'kubeconfig'), kube.kubeconfig())
  sink = await startOtlpSink()
  const labels = { 'binnacle.dev/collect': 'enabled', 'binnacle.dev/inject': 'enabled' }
  for (const name of ['kube-system', 'binnacle']) kube.create('Namespace', { metadata: { name } })
  for (const name of ['shop', 'payments']) kube.create('Namespace', { metadata: { name, labels } })
  kube.create('Node', { metadata: { name: 'node-a' } })
  for (const workload of ['web', 'api']) {
    createPod({ namespace: 'shop', name: `${workload}-old` })
    kube.patch('Pod', { namespace: 'shop', name: `${workload}-old` }, { status: runningWell })
  }
}

/** Of the ReplicaSet of its name, of the Deployment `<workload>`, from the pod template `<template>`. */
function createPod(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  labels: Record<string, string> = {},
): void {
  const [workload = '', template = ''] = name.split('-')
  const owner = (kind: string, of: string) => [{ kind, name: of, uid: `uid-${of}`, controller: true }]
  kube.create('ReplicaSet', { metadata: { name, namespace, ownerReferences: owner('Deployment', workload) } })
  kube.create('Pod', {
    metadata: {
      ...{ name, namespace, labels: { 'pod-template-hash': template, ...labels } },
      ownerReferences: owner('ReplicaSet', name),
    },
    spec: { containers: [{ name: 'main', image: 'main:1' }] },
  })
}

const ago = (ms: number) => new Date(Date.now() - ms).toISOString()
const runningWell = {
  phase: 'Running',
  containerStatuses: [
    { name: 'main', ready: true, restartCount: 0, state: { running: { startedAt: ago(3_600_000) } } },
  ],
}
const crashed = {
  phase: 'Running',
  containerStatuses: [
    {
      name: 'main',
      ready: false,
      restartCount: 2,
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: { exitCode: 9, reason: 'Error', finishedAt: ago(0) } },
    },
  ],
}
