import type { KnownFault } from './faults.ts'
import type { Call, Operation, Service, Topology } from './topology.ts'

/** A system drawn from a seed, and faults of its parts: so that no method is made for one shape. */
export interface DrawnSystem {
  readonly topology: Topology
  readonly faults: readonly KnownFault[]
}

/** Tiers stand in a row; each calls only later ones, so that there are no rings. */
export function drawSystem(random: () => number): DrawnSystem {
  const between = (from: number, to: number) => from + Math.floor(random() * (to - from + 1))
  const names = Array.from({ length: between(5, 12) }, (_, index) => `tier-${index}`)
  const operations = names.map(() => Array.from({ length: between(1, 3) }, (_, index) => `Do${index}`))
  const services: Record<string, Service> = {}
  for (const [index, name] of names.entries()) {
    const later = names.slice(index + 1)
    const callOf = (): Call => {
      const callee = later[between(0, Math.min(3, later.length - 1))]
      if (callee === undefined || random() < 0.25)
        return { type: 'database', name: `postgresql:data-${index}`, medianMs: 1 + random() * 8 }
      const own = operations[names.indexOf(callee)] ?? []
      return { type: 'tier', service: callee, operation: own[between(0, own.length - 1)] ?? '' }
    }
    services[name] = {
      pods: Array.from({ length: between(1, 3) }, (_, pod) => ({
        name: `${name}-${pod}`,
        version: '1',
        share: 1,
      })),
      operations: Object.fromEntries(
        (operations[index] ?? []).map((operation): [string, Operation] => [
          operation,
          {
            workMs: 0.5 + random() * 10,
            calls: Array.from({ length: between(index === 0 ? 1 : 0, 3) }, callOf),
          },
        ]),
      ),
    }
  }
  const [first = ''] = names
  const entries = (operations[0] ?? []).map((operation) => ({
    service: first,
    operation,
    share: 0.2 + random(),
  }))
  const topology = { entries, services }
  return { topology, faults: [...reached(topology)].flatMap((service) => faultsOf(service, services)) }
}

/** Tiers that any request comes to. */
function reached({ entries, services }: Topology): Set<string> {
  const found = new Set<string>()
  const visit = (service: string, operation: string): void => {
    found.add(service)
    for (const call of services[service]?.operations[operation]?.calls ?? [])
      if (call.type === 'tier') visit(call.service, call.operation)
  }
  for (const entry of entries) visit(entry.service, entry.operation)
  return found
}

function faultsOf(service: string, services: Topology['services']): KnownFault[] {
  const tier = `tier:${service}`
  const { pods = [] } = services[service] ?? {}
  const database = `database:postgresql:data-${service.slice('tier-'.length)}`
  const [pod] = pods
  return [
    {
      name: 'slow work',
      fault: { workMs: (usualMs, at) => (at.service === service ? usualMs * 4 + 10 : usualMs) },
      parties: [tier],
    },
    {
      name: 'network delay of what it sends and receives',
      fault: {
        networkMs: ({ caller, callee }) =>
          caller.service === service || callee.service === service ? 25 : 0,
      },
      parties: [tier],
    },
    {
      name: 'errors',
      fault: { fails: (at) => (at.service === service && !at.backend ? 0.25 : 0) },
      parties: [tier],
    },
    {
      name: 'a slow database of its own',
      fault: { backendMs: (usualMs, { backend }) => (backend === database ? usualMs * 4 + 10 : usualMs) },
      parties: [database],
    },
    ...(pod && pods.length > 1
      ? [
          {
            name: 'one slow pod of several',
            fault: {
              workMs: (usualMs: number, at: { pod: string }) =>
                at.pod === pod.name ? usualMs * 4 + 20 : usualMs,
            },
            parties: [tier],
            where: [pod.name],
          },
        ]
      : []),
  ]
}
