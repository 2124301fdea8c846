import type { Workload } from './workloads.ts'

export interface Address {
  readonly host: string
  readonly port: number
}

/** Where the pods of a workload listen, known before they run; restarts and rollouts keep a place's address. */
export interface Addresses {
  of(workload: Workload, ordinal: number): Address
  /** Replaces `$(host:NAME)`, `$(port:NAME)`, `$(url:NAME)` and `$(split:NAME=WEIGHT,…)` in environment values. */
  expand(value: string): string
}

/**
 * On Linux every address of 127.0.0.0/8 is there, so that each pod has an IP of its own and versions share a port; elsewhere
 * the pods share 127.0.0.1 and have ports of their own. `services` are names with one fixed address in front of their pods.
 */
export function createAddresses(
  workloads: readonly Workload[],
  {
    network,
    ownIps,
    services,
  }: { readonly network: string; readonly ownIps: boolean; readonly services: ReadonlyMap<string, Address> },
): Addresses {
  const placesPerWorkload = 16
  const of = (workload: Workload, ordinal: number): Address => {
    // By name: a rollout brings another object of the same workload.
    const index = workloads.findIndex(
      ({ namespace, name }) => namespace === workload.namespace && name === workload.name,
    )
    const { behaviour } = workload
    const port = behaviour.type === 'process' ? behaviour.port : 0
    if (ownIps) return { host: `${network}.${index + 1}.${ordinal + 1}`, port }
    return { host: '127.0.0.1', port: port === 0 ? 0 : 15_000 + index * placesPerWorkload + ordinal }
  }
  const named = (name: string): Address => {
    const service = services.get(name)
    if (service) return service
    return of(workloadNamed(name), 0)
  }
  const workloadNamed = (name: string): Workload => {
    const found = workloads.find((workload) => workload.name === name)
    if (!found) throw new Error(`no workload ${name}`)
    return found
  }
  const url = ({ host, port }: Address) => `http://${host}:${port}`
  const split = (text: string) =>
    text
      .split(',')
      .flatMap((part) => {
        const [name = '', weight = '1'] = part.split('=')
        const workload = workloadNamed(name)
        const each = Number(weight) / workload.replicas
        return Array.from(
          { length: workload.replicas },
          (_, ordinal) => `${each}=${url(of(workload, ordinal))}`,
        )
      })
      .join(',')
  return {
    of,
    expand: (value) =>
      value.replace(/\$\((host|port|url|split):([^)]+)\)/g, (_all, what: string, name: string) => {
        if (what === 'split') return split(name)
        const address = named(name)
        return what === 'host' ? address.host : what === 'port' ? String(address.port) : url(address)
      }),
  }
}
