import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  type ConfigMapApi,
  type CrashGuard,
  createCrashGuard,
} from '../../../collector/agent/guard/crash-guard.ts'
import { createKubePipeline, type KubePipeline } from '../../../collector/agent/kube-pipeline.ts'
import { createKubeClient, type KubeClient } from '../../../collector/kube/client.ts'
import type { SwitchedOff } from '../../../collector/record/injection.ts'
import type { KubeRecord } from '../../../collector/record/kube.ts'
import { systemClock } from '../../../collector/std/clock.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { type FakeKubeApi, startFakeKubeApi } from '../../support/kube-api/server.ts'
import { until } from '../../support/until.ts'
import { pipelineDeps } from '../agent-pipeline/pipeline-deps.ts'

/** The pipeline with the guard as the agent wires them, against the fake API server: a Deployment and its pods. */
const minute = 60_000
const iso = (agoMs: number) => new Date(Date.now() - agoMs).toISOString()
const home = { namespace: 'binnacle', name: 'agent-injection' }

let kube: FakeKubeApi
let client: KubeClient
let agents: Agent[]

interface Agent {
  readonly guard: CrashGuard
  readonly pipeline: KubePipeline
  readonly records: readonly KubeRecord[]
  readonly outcomes: Record<string, number>
  stop(): Promise<void>
}

beforeEach(async () => {
  agents = []
  kube = await startFakeKubeApi()
  client = createKubeClient({
    access: { server: kube.url, tls: {}, headers: async () => ({}) },
    log: silentLog,
  })
  for (const name of ['kube-system', 'binnacle']) kube.create('Namespace', { metadata: { name } })
  kube.create('Namespace', { metadata: { name: 'shop', labels: { 'binnacle.dev/inject': 'enabled' } } })
  kube.create('Deployment', { metadata: { name: 'web', namespace: 'shop' }, spec: { replicas: 2 } })
  createPod('old-1', { template: 'old' })
  kube.patch('Pod', { namespace: 'shop', name: 'old-1' }, { status: running(60 * minute) })
})
afterEach(async () => {
  for (const one of agents) await one.stop()
  await client.close()
  await kube.close()
})

const owner = (kind: string, name: string) => [{ kind, name, uid: `uid-${name}`, controller: true }]
const running = (sinceMs: number) => ({
  phase: 'Running',
  containerStatuses: [
    { name: 'web', ready: true, restartCount: 0, state: { running: { startedAt: iso(sinceMs) } } },
  ],
})
const crashed = (times: number) => ({
  phase: 'Running',
  containerStatuses: [
    {
      name: 'web',
      ready: false,
      restartCount: times - 1,
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: { exitCode: 9, reason: 'Error', finishedAt: iso(1_000) } },
    },
  ],
})

function createPod(
  name: string,
  { template, hash = '' }: { readonly template: string; readonly hash?: string },
) {
  const replicaSet = `web-${template}`
  if (!kube.get('ReplicaSet', { namespace: 'shop', name: replicaSet }))
    kube.create('ReplicaSet', {
      metadata: { name: replicaSet, namespace: 'shop', ownerReferences: owner('Deployment', 'web') },
    })
  kube.create('Pod', {
    metadata: {
      name,
      namespace: 'shop',
      labels: { 'pod-template-hash': template, ...(hash ? { 'binnacle.dev/injected': hash } : {}) },
      ownerReferences: owner('ReplicaSet', replicaSet),
    },
    spec: { containers: [{ name: 'web', image: 'web:1' }] },
  })
}

/** A pod of the template that crash-loops. */
function crash(name: string, template: string) {
  if (!kube.get('Pod', { namespace: 'shop', name })) createPod(name, { template, hash: 'h1' })
  kube.patch('Pod', { namespace: 'shop', name }, { status: crashed(3) })
}

async function start({
  isLeader = () => true,
  api = client,
}: {
  readonly isLeader?: () => boolean
  readonly api?: ConfigMapApi
} = {}): Promise<Agent> {
  const outcomes: Record<string, number> = {}
  const stopping = new AbortController()
  const guard = createCrashGuard(
    {
      ...{ client: api, clock: systemClock, random: Math.random, log: silentLog, isLeader },
      onChange: (workloads) => pipeline.retellWorkloads(workloads),
      onOutcome: (outcome, times) => {
        outcomes[outcome] = (outcomes[outcome] ?? 0) + times
      },
    },
    { namespace: 'binnacle', configMap: 'agent-injection', windowMs: 5 * minute, pollMs: 20 },
  )
  const { deps, records } = pipelineDeps({ client, clock: systemClock, guard })
  const pipeline = createKubePipeline(deps, {
    namespaces: { include: [], exclude: [], rancherProjects: [], default: 'off', allowed: [] },
    watch: { mode: 'cluster', namespaces: [], nodes: 'off' },
  })
  const running = guard.run(stopping.signal)
  const agent = {
    ...{ guard, pipeline, records, outcomes },
    async stop() {
      stopping.abort()
      await running
      await pipeline.close()
    },
  }
  agents.push(agent)
  await pipeline.start(stopping.signal)
  await until(() => records.some(({ type, record }) => type === 'object' && record.kind === 'Deployment'))
  await until(() => guard.status().state !== 'starting')
  return agent
}

function disabled(): SwitchedOff[] {
  const data = kube.get('ConfigMap', home)?.['data'] as Record<string, string> | undefined
  return JSON.parse(data?.['disabled.json'] ?? '[]') as SwitchedOff[]
}

/** As the newest record of the Deployment has it. */
function finding({ records }: Agent): string | undefined {
  const told = records.flatMap(({ type, record }) =>
    type === 'object' && record.kind === 'Deployment' ? [record] : [],
  )
  return told.at(-1)?.findings?.['injection-switched-off']
}

/** The guard has read the list since. */
async function rounds(agent: Agent): Promise<void> {
  const reads = () =>
    kube.requests.filter((one) => one.startsWith('GET') && one.includes('configmaps')).length
  const before = reads()
  await until(() => reads() > before + 2)
  expect(agent.guard.status()).toEqual({ state: 'ok', message: '' })
}

const web = { namespace: 'shop', kind: 'Deployment', name: 'web' }

test('a workload whose injected pod crash-loops beside one that runs well is switched off, and its object says so', async () => {
  const agent = await start()
  expect(kube.get('ConfigMap', home)).toBeUndefined()
  crash('new-1', 'new')
  await until(() => disabled().length > 0)
  const [entry] = disabled()
  expect(entry).toMatchObject({
    ...web,
    reason: expect.stringMatching(
      /^new-1 crashed 3 times within \d+ s of its start: container web ended with exit code 9 at .*Z; old-1, into which nothing is injected, runs well$/,
    ),
    at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
  })
  await until(() => finding(agent) === `${entry?.reason}; switched off at ${entry?.at}`)
  expect(agent.outcomes).toEqual({ 'switched-off': 1 })
})

test('what a person took out stays out until pods are made from another template, also after a restart of the agent', async () => {
  const first = await start()
  crash('new-1', 'new')
  await until(() => finding(first) !== undefined)
  kube.patch('ConfigMap', home, { data: { 'disabled.json': '[]' } })
  await until(() => finding(first) === undefined)
  crash('new-2', 'new')
  await rounds(first)
  await first.stop()
  agents = []
  const second = await start()
  crash('new-3', 'new')
  await rounds(second)
  expect(disabled()).toEqual([])
  crash('newer-1', 'newer')
  await until(() => disabled().length > 0)
  expect(disabled()).toMatchObject([web])
  expect([first.outcomes, second.outcomes]).toEqual([{ 'switched-off': 1 }, { 'switched-off': 1 }])
})

test('what somebody else writes at the same time stays', async () => {
  const byHand = { namespace: 'shop', kind: 'StatefulSet', name: 'db' }
  let reads = 0
  const agent = await start({
    api: {
      ...client,
      async get(path, signal) {
        const answer = await client.get(path, signal)
        // After it was read for writing.
        if (kube.get('Pod', { namespace: 'shop', name: 'new-1' }) && reads++ === 1)
          kube.patch('ConfigMap', home, { data: { 'disabled.json': JSON.stringify([byHand]), note: 'ours' } })
        return answer
      },
    },
  })
  kube.create('ConfigMap', { metadata: home, data: {} })
  createPod('new-1', { template: 'new', hash: 'h1' })
  await until(() => reads === 1)
  crash('new-1', 'new')
  await until(() => disabled().length === 2)
  expect(disabled()).toMatchObject([byHand, web])
  expect(kube.get('ConfigMap', home)?.['data']).toHaveProperty('note', 'ours')
  await until(() => finding(agent) !== undefined)
  expect(agent.guard.reasonOf(byHand)).toBe('by hand')
})

test('a list that cannot be read is left as it is, and health says so', async () => {
  kube.create('ConfigMap', { metadata: home, data: { 'disabled.json': '{oops' } })
  const agent = await start()
  crash('new-1', 'new')
  await until(() => agent.guard.status().state === 'failing')
  expect(agent.guard.status().message).toMatch(
    /^cannot use binnacle\/agent-injection: disabled.json is no JSON: /,
  )
  kube.patch('ConfigMap', home, { data: { 'disabled.json': '[]' } })
  await until(() => disabled().length === 1)
  expect(agent.outcomes).toEqual({ 'switched-off': 1 })
})

test('a standby and an agent that may not write decide nothing', async () => {
  kube.create('ConfigMap', { metadata: home, data: { 'disabled.json': JSON.stringify([web]) } })
  kube.faults.forbid({ verb: 'update', resource: 'configmaps' })
  const [standby, denied] = await Promise.all([start({ isLeader: () => false }), start()])
  await until(() => finding(standby) === 'by hand' && finding(denied) === 'by hand')
  kube.patch('ConfigMap', home, { data: { 'disabled.json': '[]' } })
  await until(() => finding(standby) === undefined && finding(denied) === undefined)
  crash('new-1', 'new')
  await until(() => denied.guard.status().state === 'denied')
  expect(denied.guard.status().message).toMatch(
    /^cannot write the ConfigMap binnacle\/agent-injection: configmaps is forbidden/,
  )
  expect(standby.guard.status()).toEqual({ state: 'ok', message: '' })
  expect(disabled()).toEqual([])
})
