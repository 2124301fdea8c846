import type { UsageCell } from '../../../collector/service/query/root-cause/cells.ts'
import type { Fault } from './simulate.ts'
import type { Topology } from './topology.ts'

/** A fault of the documents portal and what is to be blamed for it. */
export interface KnownFault {
  readonly name: string
  readonly fault: Fault
  /** The party, or one of both ends of an edge; [] when nothing is to be blamed. */
  readonly parties: readonly string[]
  /** Pods or version that it is in. */
  readonly where?: readonly string[]
  /** Uses that much more CPU. */
  readonly cpu?: { readonly pod: string; readonly times: number }
}

export const knownFaults: readonly KnownFault[] = [
  {
    name: 'a slow database, seen by two operations',
    fault: {
      backendMs: (usualMs, { backend }) =>
        backend === 'database:postgresql:documents' ? usualMs * 4 : usualMs,
    },
    parties: ['database:postgresql:documents'],
  },
  {
    name: 'a slow foreign host, rarely called',
    fault: {
      backendMs: (usualMs, { backend }) =>
        backend === 'external:bank.example:443' ? usualMs + 400 : usualMs,
    },
    parties: ['external:bank.example:443'],
  },
  {
    name: 'a downstream tier that fails',
    fault: { fails: ({ service, backend }) => (service === 'store' && !backend ? 0.1 : 0) },
    parties: ['tier:store'],
  },
  {
    name: 'a foreign host that fails',
    fault: { fails: ({ backend }) => (backend === 'external:bank.example:443' ? 0.5 : 0) },
    parties: ['external:bank.example:443'],
  },
  {
    name: 'a tier that does not answer any more',
    fault: { gone: ({ callee }) => callee === 'index' },
    parties: ['tier:index'],
  },
  {
    name: 'errors that the caller swallows',
    fault: {
      fails: ({ service, backend }) => (service === 'index' && !backend ? 0.3 : 0),
      swallows: ({ service }) => service === 'portal',
    },
    parties: ['tier:index'],
  },
  {
    name: 'network delay between two tiers',
    fault: {
      networkMs: ({ caller, callee }) => (caller.service === 'index' && callee.service === 'store' ? 40 : 0),
    },
    parties: ['tier:index', 'tier:store'],
  },
  {
    name: 'network delay of all that a tier sends and receives',
    fault: {
      networkMs: ({ caller, callee }) => (caller.service === 'index' || callee.service === 'index' ? 30 : 0),
    },
    parties: ['tier:index'],
  },
  {
    name: 'one slow pod of three',
    fault: { workMs: (usualMs, { pod }) => (pod === 'accounts-7c9d-1' ? usualMs + 60 : usualMs) },
    parties: ['tier:accounts'],
    where: ['accounts-7c9d-1'],
  },
  {
    name: 'a pod that is starved of CPU',
    fault: {
      workMs: (usualMs, { pod }) => (pod === 'index-7c9d-0' ? usualMs * 6 : usualMs),
      networkMs: ({ caller, callee }) =>
        caller.pod === 'index-7c9d-0' || callee.pod === 'index-7c9d-0' ? 15 : 0,
      backendMs: (usualMs, { pod }) => (pod === 'index-7c9d-0' ? usualMs + 15 : usualMs),
    },
    parties: ['tier:index'],
    where: ['index-7c9d-0'],
    cpu: { pod: 'index-7c9d-0', times: 4 },
  },
  {
    name: 'a slow version with a seventh of the calls',
    fault: { workMs: (usualMs, { version }) => (version === '1.1' ? usualMs * 20 : usualMs) },
    parties: ['tier:store'],
    where: ['1.1'],
  },
  {
    name: 'a failing version with a seventh of the calls',
    fault: { fails: ({ version, backend }) => (version === '1.1' && !backend ? 0.6 : 0) },
    parties: ['tier:store'],
    where: ['1.1'],
  },
  {
    name: 'a failing tier whose caller tries again and again',
    fault: {
      fails: ({ service, backend }) => (service === 'accounts' && !backend ? 0.5 : 0),
      tries: ({ callee }) => (callee === 'accounts' ? 4 : 1),
    },
    parties: ['tier:accounts'],
  },
  {
    name: 'an operation that asks its database twenty times',
    fault: { times: ({ service, call }) => (service === 'accounts' && call.type === 'database' ? 20 : 1) },
    parties: ['tier:accounts'],
  },
  {
    name: 'a tier that returns early',
    fault: { times: ({ service, call }) => (service === 'billing' && call.type === 'external' ? 0 : 1) },
    parties: ['tier:billing'],
  },
  {
    name: 'pauses of one tier in some calls',
    fault: {
      workMs: (usualMs, { service, operation }) =>
        service === 'store' && operation === 'Read' && usualMs > 4.2 ? usualMs + 300 : usualMs,
    },
    parties: ['tier:store'],
  },
  {
    name: 'a slow tier and a tier that merely uses more CPU',
    fault: { workMs: (usualMs, { service }) => (service === 'index' ? usualMs * 5 : usualMs) },
    parties: ['tier:index'],
    cpu: { pod: 'thumbnails-7c9d-0', times: 3 },
  },
  { name: 'three times the traffic, nothing else', fault: { traffic: 3 }, parties: [] },
  { name: 'nothing at all', fault: {}, parties: [] },
]

const podMillicores = 100

/** CPU of every pod, in proportion to its load; with the fault's excess. */
export function usageOf(
  topology: Topology,
  {
    buckets,
    fault,
    random,
  }: { buckets: readonly number[]; fault: KnownFault | undefined; random: () => number },
): UsageCell[] {
  return Object.entries(topology.services).flatMap(([service, { pods }]) =>
    pods.flatMap(({ name }) =>
      buckets.map((bucket) => {
        const times = (fault?.cpu?.pod === name ? fault.cpu.times : 1) * (fault?.fault.traffic ?? 1)
        return {
          ...{ bucket, service, pod: name, memoryBytes: 2e8 },
          ...{
            cpuMillicores: podMillicores * times * (0.9 + 0.2 * random()),
            cpuLimitMillicores: 500,
            memoryLimitBytes: 5e8,
          },
        }
      }),
    ),
  )
}
