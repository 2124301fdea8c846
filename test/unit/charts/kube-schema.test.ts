import { expect, test } from 'vitest'
import { schemaProblems } from '../../support/kube-schema.ts'

const pod = (container: object) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a', labels: { any: 'key' } },
  spec: { containers: [{ name: 'a', ...container }] },
})

test.each([
  ['nothing', pod({ resources: { limits: { memory: '1Gi' } } }), []],
  [
    'a field of another kind',
    pod({ replicas: 1 }),
    ['/spec/containers/0/replicas is a field that Pod does not have'],
  ],
  ['a number where a text is due', pod({ image: 1 }), ['/spec/containers/0/image type {"type":"string"}']],
  [
    'a value that is not one of them',
    pod({ ports: [{ containerPort: 1, protocol: 'HTTP' }] }),
    ['/spec/containers/0/ports/0/protocol enum {"allowedValues":["SCTP","TCP","UDP"]}'],
  ],
  [
    'a kind that is nowhere',
    { ...pod({}), apiVersion: 'example.com/v1', kind: 'Nothing' },
    ['example.com/v1 Nothing has no schema here'],
  ],
  [
    'a field that a custom resource lacks',
    {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PodMonitor',
      metadata: { name: 'a' },
      spec: { selector: {}, podMetricsEndpoints: [{ port: 'http', scheem: 'http' }] },
    },
    ['/spec/podMetricsEndpoints/0/scheem is a field that PodMonitor does not have'],
  ],
])('the check of manifests finds %s', async (_what, manifest, want) => {
  expect(await schemaProblems(manifest)).toEqual(want)
})
