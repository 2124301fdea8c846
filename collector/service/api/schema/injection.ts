import { type Static, Type } from 'typebox'

const Counts = {
  pods: Type.Number(),
  injected: Type.Number({ description: 'pods that have what pods made now get' }),
  skipped: Type.Number({ description: 'pods that are left alone, and would be again' }),
  restart: Type.Number({ description: 'pods that would be otherwise if they were made now' }),
}

export const InjectionNamespace = Type.Object({
  namespace: Type.String(),
  asks: Type.Boolean({ description: 'its label binnacle.dev/inject is enabled' }),
  ...Counts,
})
export type InjectionNamespace = Static<typeof InjectionNamespace>

export const InjectionWorkload = Type.Object({
  namespace: Type.String(),
  kind: Type.String(),
  name: Type.String(),
  ...Counts,
  languages: Type.Array(Type.String(), { description: 'what is injected, such as node' }),
  reasons: Type.Array(Type.String(), { description: 'why pods are skipped or need a restart' }),
  switchedOff: Type.String({ description: 'why new pods are not injected any more; empty: they are' }),
})
export type InjectionWorkload = Static<typeof InjectionWorkload>

/** As it is now, whatever the time range of a page. */
export const ClusterInjection = Type.Object({
  injects: Type.Union([Type.Literal('on'), Type.Literal('off'), Type.Literal('')], {
    description: 'whether the agent was installed with injection; empty: it does not say',
  }),
  configMap: Type.String({
    description: 'namespace/name of the ConfigMap with what is switched off; empty: not told',
  }),
  namespaces: Type.Array(InjectionNamespace),
  workloads: Type.Array(InjectionWorkload),
})
export type ClusterInjection = Static<typeof ClusterInjection>

export const RestartsNeeded = Type.Object({
  clusters: Type.Array(
    Type.Object({ clusterId: Type.String(), pods: Type.Number(), workloads: Type.Number() }),
    { description: 'those with pods that need a restart' },
  ),
})
export type RestartsNeeded = Static<typeof RestartsNeeded>

export const PodInjection = Type.Object({
  state: Type.Union([
    Type.Literal('injected'),
    Type.Literal('skipped'),
    Type.Literal('restart'),
    Type.Literal(''),
  ]),
  reason: Type.String(),
  injection: Type.String({ description: 'what the webhook says it did; empty: it did not see the pod' }),
})
export type PodInjection = Static<typeof PodInjection>
