/** The process of the fake API server: TLS, filled and loaded as it is told. It ends with its parent. */
import { createCertificate } from '../../support/certificate.ts'
import { resourceKinds } from '../../support/kube-api/resources.ts'
import { startFakeKubeApi } from '../../support/kube-api/server.ts'
import {
  type ClusterSize,
  deploymentObjects,
  deploymentsPerLateNamespace,
  lateNamespaces,
  namespaceName,
  namespaceOf,
  podsPerDeployment,
  usageOf,
} from './cluster.ts'
import { createLoad, type LoadGenerator } from './load.ts'
import type { Disturbance, FromApi, ToApi } from './messages.ts'

const token = 'bench-token'
const tls = createCertificate()
const api = await startFakeKubeApi({ tls, bookmarkEveryMs: 60_000 })
api.faults.token = token
api.usage = usageOf
let load: LoadGenerator | undefined

process.on('message', (message: ToApi) => tell(handle(message)))
process.on('disconnect', () => process.exit())
tell({ type: 'ready', port: Number(new URL(api.url).port), cert: tls.cert, kubeconfig: api.kubeconfig() })

function handle(message: ToApi): FromApi {
  switch (message.type) {
    case 'fill':
      return fill(message.size, message.standingEvents)
    case 'load':
      load?.set(message.load)
      return { type: 'loading' }
    case 'opt-in': {
      const label = message.collected ? 'enabled' : 'disabled'
      const atMs = Date.now()
      api.patch(
        'Namespace',
        { name: message.namespace },
        { metadata: { labels: { 'binnacle.dev/collect': label } } },
      )
      return { type: 'opted', atMs }
    }
    case 'disturb':
      disturb(message.how)
      return { type: 'disturbed' }
    case 'count':
      return { type: 'counted', counts: count() }
  }
}

function fill(size: ClusterSize, standingEvents: number): FromApi {
  const names = Array.from({ length: size.namespaces }, (_, at) => namespaceName(at))
  for (const name of ['kube-system', ...lateNamespaces]) api.create('Namespace', namespaceOf(name, false))
  for (const name of names) api.create('Namespace', namespaceOf(name, true))
  let podBytes = 0
  let objects = 0
  const deploy = (index: number, namespace: string) => {
    for (const { kind, object } of deploymentObjects(index, namespace)) {
      const created = api.create(kind, object)
      objects++
      if (kind === 'Pod' && podBytes === 0) podBytes = JSON.stringify(created).length
    }
  }
  const deployments = size.pods / podsPerDeployment
  for (let index = 0; index < deployments; index++) deploy(index, namespaceName(index % size.namespaces))
  for (const [at, namespace] of lateNamespaces.entries())
    for (let one = 0; one < deploymentsPerLateNamespace; one++)
      deploy(deployments + at * deploymentsPerLateNamespace + one, namespace)
  load = createLoad(api, size, standingEvents)
  return { type: 'filled', podBytes, objects }
}

function disturb(how: Disturbance): void {
  const { faults } = api
  switch (how) {
    case 'close':
      return faults.closeWatches()
    case 'expire':
      faults.compact()
      return faults.closeWatches()
    case 'cut':
      return faults.cutWatches('character')
    case 'reset':
      return faults.resetConnections()
    case 'error':
      return faults.errorOnWatches(500)
    case 'restart':
      return void faults.restart({ downMs: 2_000 })
  }
}

function count() {
  const objects = Object.fromEntries(resourceKinds.map(({ kind }) => [kind, api.list(kind).length]))
  const { eventsWritten = 0, podUpdates = 0, lateMsMax = 0 } = load?.counts() ?? {}
  return {
    objects,
    eventsWritten,
    podUpdates,
    lateMsMax,
    requests: api.requests.length,
    watches: api.openWatches(),
  }
}

function tell(message: FromApi): void {
  process.send?.(message)
}
