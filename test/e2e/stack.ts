import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@clickhouse/client'
import type { KubeObject } from '../support/kube-api/objects.ts'
import { type FakeKubeApi, startFakeKubeApi } from '../support/kube-api/server.ts'
import { type OtlpTee, startOtlpTee } from '../support/otlp-tee.ts'
import {
  eventually,
  freePort,
  startCli,
  startNode,
  type TestProcess,
  tempDirectory,
} from '../support/processes.ts'

/** Service, agent and demo services as real processes around the fake API server. */
export interface Stack {
  readonly kube: FakeKubeApi
  readonly directory: string
  readonly kubeconfig: string
  /** Between the demo services and the agent: knows which spans were accepted. */
  readonly tee: OtlpTee
  readonly serviceUrl: string
  readonly clickhouseUrl: string
  readonly agentUrl: string
  readonly otlpUrl: string
  readonly appUrl: string
  service(): TestProcess
  agent(): TestProcess
  startService(): Promise<void>
  startAgent(): Promise<void>
  /** Runs a program of demo-services as the pod of this name. */
  startApp(program: string, pod: KubeObject, env?: Record<string, string>): TestProcess
  query<Row>(sql: string): Promise<Row[]>
  close(): Promise<void>
}

const minute = 60_000

export async function startStack(): Promise<Stack> {
  const directory = tempDirectory('e2e')
  const kube = await startFakeKubeApi()
  populate(kube)
  const kubeconfig = join(directory.path, 'kubeconfig')
  writeFileSync(kubeconfig, kube.kubeconfig())
  const [servicePort, clickhousePort, grpcPort, httpPort, adminPort, appPort] = await Promise.all(
    Array.from({ length: 6 }, () => freePort()),
  )
  const serviceUrl = `http://127.0.0.1:${servicePort}`
  const agentUrl = `http://127.0.0.1:${adminPort}`
  const otlpUrl = `http://127.0.0.1:${httpPort}`
  const tee = await startOtlpTee(otlpUrl)
  const client = createClient({ url: `http://127.0.0.1:${clickhousePort}`, database: 'binnacle' })
  const running: TestProcess[] = []
  let service: TestProcess | undefined
  let agent: TestProcess | undefined
  const need = (process_: TestProcess | undefined): TestProcess => {
    if (!process_) throw new Error('not started')
    return process_
  }
  const ready = (url: string, process_: TestProcess) =>
    eventually(`${url} is ready`, async () => ((await fetch(`${url}/readyz`)).ok ? true : undefined), {
      withinMs: 60_000,
      hint: process_.output,
    })
  const stack: Stack = {
    kube,
    directory: directory.path,
    kubeconfig,
    tee,
    serviceUrl,
    clickhouseUrl: `http://127.0.0.1:${clickhousePort}`,
    agentUrl,
    otlpUrl,
    appUrl: `http://127.0.0.1:${appPort}`,
    service: () => need(service),
    agent: () => need(agent),
    async startService() {
      service = startCli(
        ...['serve', '--listen', `127.0.0.1:${servicePort}`, '--clickhouse-port', String(clickhousePort)],
        ...['--data-dir', join(directory.path, 'clickhouse')],
      )
      running.push(service)
      await ready(serviceUrl, service)
    },
    async startAgent() {
      agent = startCli(
        ...['agent', '--kubeconfig', kubeconfig, '--service', serviceUrl, '--cluster-name', 'e2e'],
        ...['--spool-dir', join(directory.path, 'spool'), '--admin', `127.0.0.1:${adminPort}`],
        ...['--otlp-grpc-port', String(grpcPort), '--otlp-http-port', String(httpPort)],
      )
      running.push(agent)
      await ready(agentUrl, agent)
    },
    startApp(program, pod, env = {}) {
      const process_ = startNode(
        ['--import', '@binnacle/instrumentation', `test/support/demo-services/${program}`],
        {
          POD_NAME: pod.metadata.name,
          POD_UID: pod.metadata.uid ?? '',
          POD_NAMESPACE: pod.metadata.namespace ?? '',
          OTEL_SERVICE_NAME: pod.metadata.labels?.['app'] ?? '',
          OTEL_RESOURCE_ATTRIBUTES: `service.version=${pod.metadata.labels?.['version']}`,
          OTEL_EXPORTER_OTLP_ENDPOINT: tee.url,
          OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
          OTEL_BSP_SCHEDULE_DELAY: '200',
          SERVICE_VERSION: pod.metadata.labels?.['version'] ?? '',
          ...(program === 'magnanimo.ts' ? { PORT: String(appPort) } : {}),
          ...env,
        },
      )
      running.push(process_)
      return process_
    },
    async query<Row>(sql: string) {
      const result = await client.query({ query: sql, format: 'JSONEachRow' })
      return result.json<Row>()
    },
    async close() {
      await Promise.all(running.toReversed().map((process_) => process_.kill('SIGTERM')))
      await client.close()
      await tee.close()
      await kube.close()
      directory.remove()
    },
  }
  await stack.startService()
  await stack.startAgent()
  return stack
}

function populate(kube: FakeKubeApi): void {
  namespace(kube, 'kube-system')
  namespace(kube, 'shop', { 'binnacle.dev/collect': 'enabled' })
  namespace(kube, 'later')
  namespace(kube, 'dark')
  for (const [name, version] of [
    ['magnanimo', '1.4.0'],
    ['benigno', 'v1'],
    ['benigno', 'v2'],
    ['ordini', 'v1'],
    ['spedizioni', 'v1'],
  ] as const) {
    pod(kube, 'shop', { name, version })
  }
  const laterPod = pod(kube, 'later', { name: 'prova', version: 'v9' })
  event(kube, laterPod, { name: 'old', reason: 'Pulled', minutesAgo: 55, count: 1 })
  event(kube, laterPod, { name: 'repeated', reason: 'BackOff', minutesAgo: 20, count: 7 })
  const darkPod = pod(kube, 'dark', { name: 'segreto', version: 'v1' })
  event(kube, darkPod, { name: 'hidden', reason: 'Killing', minutesAgo: 1, count: 3 })
}

function namespace(kube: FakeKubeApi, name: string, labels: Record<string, string> = {}): void {
  kube.create('Namespace', { metadata: { name, labels }, status: { phase: 'Active' } })
}

export function pod(
  kube: FakeKubeApi,
  inNamespace: string,
  app: { name: string; version: string },
): KubeObject {
  return kube.create('Pod', {
    metadata: {
      name: `${app.name}-${app.version.replaceAll('.', '-')}`,
      namespace: inNamespace,
      labels: { app: app.name, version: app.version },
    },
    spec: {
      nodeName: 'node-a',
      containers: [{ name: app.name, image: `registry.example/${app.name}:${app.version}` }],
    },
    status: {
      phase: 'Running',
      podIP: '10.0.0.9',
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [
        {
          name: app.name,
          ready: true,
          restartCount: 0,
          state: { running: { startedAt: new Date().toISOString() } },
        },
      ],
    },
  })
}

function event(
  kube: FakeKubeApi,
  about: KubeObject,
  { name, reason, minutesAgo, count }: { name: string; reason: string; minutesAgo: number; count: number },
): void {
  const at = new Date(Date.now() - minutesAgo * minute).toISOString()
  kube.create('Event', {
    metadata: {
      name: `${about.metadata.name}.${name}`,
      namespace: about.metadata.namespace ?? '',
      creationTimestamp: at,
    },
    involvedObject: {
      kind: 'Pod',
      namespace: about.metadata.namespace,
      name: about.metadata.name,
      uid: about.metadata.uid,
    },
    type: reason === 'BackOff' ? 'Warning' : 'Normal',
    reason,
    message: `${reason} of ${about.metadata.name}`,
    firstTimestamp: at,
    lastTimestamp: new Date(Date.now() - (minutesAgo * minute) / 2).toISOString(),
    count,
    source: { component: 'kubelet', host: 'node-a' },
  })
}
