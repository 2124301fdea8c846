import type { SwitchedOff } from '../../../collector/record/injection.ts'
import type { KubeObject } from '../kube-api/objects.ts'
import type { FakeKubeApi } from '../kube-api/server.ts'

/**
 * What the webhook would write on a pod as it is made: its mark and its words. Nothing is put into the pod; the demo services
 * bring their instrumentation themselves.
 */
export interface Admission {
  admit(pod: KubeObject, workload: { readonly kind: string; readonly name: string }): KubeObject
}

/** The ConfigMap that the demo's agent writes, see the defaults of `injection` in its configuration. */
const switchedOff = { namespace: 'default', name: 'binnacle-agent-injection' }
const hash = 'd3m0d3m0d3'

export function createAdmission(api: Pick<FakeKubeApi, 'get'>): Admission {
  return {
    admit(pod, { kind, name }) {
      const { namespace = '', labels, annotations } = pod.metadata
      const asks = api.get('Namespace', { name: namespace })?.metadata.labels?.['binnacle.dev/inject']
      if (asks !== 'enabled' || labels?.['binnacle.dev/inject'] === 'disabled') return pod
      const off = entries().find(
        (one) => one.namespace === namespace && one.kind === kind && one.name === name,
      )
      const said = off ? `skipped: switched off for ${kind} ${name}: ${off.reason}` : 'injected: node'
      return {
        ...pod,
        metadata: {
          ...pod.metadata,
          labels: { ...labels, ...(off ? {} : { 'binnacle.dev/injected': hash }) },
          annotations: { ...annotations, 'binnacle.dev/injection': said },
        },
      }
    },
  }

  function entries(): readonly SwitchedOff[] {
    const data = api.get('ConfigMap', switchedOff)?.['data'] as Record<string, string> | undefined
    return JSON.parse(data?.['disabled.json'] ?? '[]') as SwitchedOff[]
  }
}
