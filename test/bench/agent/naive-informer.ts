/**
 * The peer: the official client's informers on the same collections, holding whole objects, which send nothing anywhere.
 * Argument: a kubeconfig. Prints one line when everything is listed.
 */
import {
  AppsV1Api,
  CoreV1Api,
  KubeConfig,
  type KubernetesObject,
  makeInformer,
} from '@kubernetes/client-node'

const kubeConfig = new KubeConfig()
kubeConfig.loadFromFile(process.argv[2] ?? '')
const core = kubeConfig.makeApiClient(CoreV1Api)
const apps = kubeConfig.makeApiClient(AppsV1Api)

const watched: readonly [string, () => Promise<{ items: KubernetesObject[] }>][] = [
  ['/api/v1/pods', () => core.listPodForAllNamespaces()],
  ['/api/v1/events', () => core.listEventForAllNamespaces()],
  ['/apis/apps/v1/replicasets', () => apps.listReplicaSetForAllNamespaces()],
  ['/apis/apps/v1/deployments', () => apps.listDeploymentForAllNamespaces()],
]
for (const [path, list] of watched) {
  const informer = makeInformer(kubeConfig, path, list as never)
  for (const verb of ['add', 'update', 'delete'] as const) informer.on(verb, () => {})
  // It stops at the first error; whoever uses it starts it again.
  informer.on('error', () => setTimeout(() => void informer.start(), 1_000))
  await informer.start()
}
process.stdout.write('listed\n')
setInterval(() => {}, 60_000)
process.on('disconnect', () => process.exit())
