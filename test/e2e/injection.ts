import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Pod } from '../../instrumentation/webhook/pod.ts'
import { containerEnv } from '../support/container-env.ts'
import type { KubeObject } from '../support/kube-api/objects.ts'
import { eventually, root, startCli, startNode } from '../support/processes.ts'
import type { Stack } from './stack.ts'

/**
 * A part of the main job: `binnacle webhook` makes its certificate and is asked by the API server about a new pod, whose
 * process is then started with the environment that the pod has, and nothing else.
 */
export function injection(stack: () => Stack): void {
  test('a pod of an opted-in namespace is injected when it is made, and its spans arrive', {
    timeout: 120_000,
  }, async () => {
    const { kube, tee, directory, kubeconfig } = stack()
    const hook = { name: 'binnacle-webhook', namespace: 'binnacle' }
    kube.create('Namespace', { metadata: { name: hook.namespace } })
    kube.create('Secret', { metadata: hook, type: 'Opaque' })
    kube.create('MutatingWebhookConfiguration', {
      metadata: { name: hook.name },
      webhooks: [
        {
          name: 'pods.injection.binnacle.dev',
          clientConfig: { service: { ...hook, path: '/mutate' } },
          failurePolicy: 'Ignore',
          timeoutSeconds: 3,
          reinvocationPolicy: 'IfNeeded',
          rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
          namespaceSelector: { matchLabels: { 'binnacle.dev/inject': 'enabled' } },
          objectSelector: {
            matchExpressions: [{ key: 'binnacle.dev/inject', operator: 'NotIn', values: ['disabled'] }],
          },
        },
      ],
    })
    // Nobody answers yet: pods are made all the same.
    kube.patch('Namespace', { name: 'shop' }, { metadata: { labels: { 'binnacle.dev/inject': 'enabled' } } })
    expect(annotationOf(await create(kube.url, 'early'))).toBeUndefined()

    const config = join(directory, 'webhook.yaml')
    writeFileSync(config, configOf(hook, tee.url))
    const webhook = startCli('webhook', '--config', config, '--kubeconfig', kubeconfig)
    try {
      const ports = await eventually(
        'the webhook serves a certificate that is trusted',
        () => {
          const output = webhook.output()
          return output.includes('served and trusted')
            ? /"https":(\d+),"admin":(\d+)/.exec(output)?.slice(1)
            : undefined
        },
        { hint: webhook.output },
      )
      kube.serviceAddress = (namespace, name) =>
        namespace === hook.namespace && name === hook.name ? `127.0.0.1:${ports[0]}` : undefined

      const pod = await create(kube.url, 'iniettato')
      expect(annotationOf(pod)).toBe('injected: node')
      kube.patch('Pod', { namespace: 'shop', name: 'iniettato' }, running)
      const optedOut = await create(kube.url, 'escluso', { 'binnacle.dev/inject': 'disabled' })
      expect(annotationOf(optedOut)).toBeUndefined()

      const app = startNode(['test/unit/instrumentation/apps/one-request.mjs'], environmentOf(pod))
      expect(await app.exited).toBe(0)
      const rows = await eventually(
        'the spans of the pod',
        async () => {
          const found = await stack().query<object>(
            `SELECT DISTINCT s.service, s.pod, s.namespace, r.pod_uid = '${pod.metadata.uid}' AS sameUid
             FROM spans AS s INNER JOIN resources AS r ON r.resource_id = s.resource_id WHERE s.pod = 'iniettato'`,
          )
          return found.length > 0 ? found : undefined
        },
        { hint: () => app.output() + webhook.output() },
      )
      expect(rows).toEqual([{ service: 'iniettato', pod: 'iniettato', namespace: 'shop', sameUid: 1 }])
      const metrics = await (await fetch(`http://127.0.0.1:${ports[1]}/metrics`)).text()
      expect(metrics).toMatch(/reviews_total\{result="injected",reason=""\} 1/)
    } finally {
      expect(await webhook.kill('SIGTERM')).toBe(0)
    }
  })
}

const configOf = ({ name, namespace }: { name: string; namespace: string }, endpoint: string) => `
image: {reference: registry.example/binnacle/instrumentation:1}
endpoint: ${endpoint}
protocol: http/json
listen: {host: 127.0.0.1, port: 0}
admin: {port: 0}
certificates: {namespace: ${namespace}, secret: ${name}, service: ${name}, configuration: ${name}}
`

const annotationOf = ({ metadata }: KubeObject) =>
  (metadata['annotations'] as Record<string, string> | undefined)?.['binnacle.dev/injection']

async function create(url: string, name: string, labels: Record<string, string> = {}): Promise<KubeObject> {
  const response = await fetch(`${url}/api/v1/namespaces/shop/pods`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      kind: 'Pod',
      metadata: { name, labels: { app: name, ...labels } },
      spec: {
        nodeName: 'node-a',
        containers: [
          { name: 'app', image: `${name}:v1`, env: [{ name: 'NODE_OPTIONS', value: '--no-warnings' }] },
        ],
      },
    }),
  })
  expect(response.status).toBe(201)
  return (await response.json()) as KubeObject
}

const running = {
  status: {
    phase: 'Running',
    podIP: '10.0.0.77',
    containerStatuses: [{ name: 'app', ready: true, restartCount: 0, state: { running: {} } }],
  },
}

/** As the kubelet makes it, with the files where they are on this machine. */
function environmentOf(pod: KubeObject): Record<string, string> {
  const [container] = (pod as unknown as Pod).spec.containers
  const fields = {
    'metadata.name': pod.metadata.name,
    'metadata.uid': pod.metadata.uid ?? '',
    'spec.nodeName': 'node-a',
  }
  const env = containerEnv(container?.env ?? [], { fields })
  const files = join(root, 'instrumentation/dist')
  return { ...env, NODE_OPTIONS: (env['NODE_OPTIONS'] ?? '').replaceAll('/binnacle/node', files) }
}
