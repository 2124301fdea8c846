import { projectMeta } from '../metadata.ts'
import { cpuMillicores, memoryBytes, parseQuantity } from '../quantity.ts'
import { type Json, list, object, text } from '../read.ts'
import { amounts, conditionsOf, type Described, facts, findings } from './described.ts'

const pressures = ['MemoryPressure', 'DiskPressure', 'PIDPressure']

/** A node without its list of images, which is most of it. */
export function projectNode(raw: Json): Described | undefined {
  const meta = projectMeta(raw)
  if (!meta) return undefined
  const spec = object(raw['spec'])
  const status = object(raw['status'])
  const info = object(status['nodeInfo'])
  const conditions = conditionsOf(status)
  const ready = conditions.find(({ type }) => type === 'Ready')
  const pressing = conditions.filter((one) => pressures.includes(one.type) && one.status === 'True')
  return {
    kind: 'Node',
    ...meta,
    status: nodeStatus(ready?.status, spec['unschedulable'] === true),
    sinceMs: ready?.sinceMs ?? 0,
    fields: {
      reason: ready?.status === 'True' ? '' : (ready?.reason ?? ''),
      node: meta.name,
      ready: ready?.status === 'True' ? 1 : 0,
      desired: 1,
      facts: facts('Node', {
        roles: rolesOf(meta.labels),
        taints: list(spec['taints']).map(taintText).join(', '),
        kubeletVersion: text(info['kubeletVersion']),
        os: text(info['osImage']) || text(info['operatingSystem']),
        architecture: text(info['architecture']),
        instanceType: labelled(
          meta.labels,
          'node.kubernetes.io/instance-type',
          'beta.kubernetes.io/instance-type',
        ),
        zone: labelled(meta.labels, 'topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone'),
        internalIp: text(list(status['addresses']).find((one) => one['type'] === 'InternalIP')?.['address']),
      }),
      amounts: amounts('Node', { ...sizes(status) }),
      conditions,
      findings: findings({ 'node-pressure': pressing.map(({ type }) => type).join(', ') }),
    },
  }
}

/** As `kubectl get nodes` prints it. */
function nodeStatus(ready: string | undefined, unschedulable: boolean): string {
  const word = ready === undefined ? 'Unknown' : ready === 'True' ? 'Ready' : 'NotReady'
  return unschedulable ? `${word},SchedulingDisabled` : word
}

function sizes(status: Json) {
  const capacity = object(status['capacity'])
  const allocatable = object(status['allocatable'])
  return {
    cpuCapacityMillicores: cpuMillicores(capacity['cpu']),
    cpuAllocatableMillicores: cpuMillicores(allocatable['cpu']),
    memoryCapacityBytes: memoryBytes(capacity['memory']),
    memoryAllocatableBytes: memoryBytes(allocatable['memory']),
    podsCapacity: parseQuantity(capacity['pods']),
    podsAllocatable: parseQuantity(allocatable['pods']),
    ephemeralStorageCapacityBytes: memoryBytes(capacity['ephemeral-storage']),
    ephemeralStorageAllocatableBytes: memoryBytes(allocatable['ephemeral-storage']),
  }
}

const rolePrefix = 'node-role.kubernetes.io/'

function rolesOf(labels: Readonly<Record<string, string>>): string {
  const named = Object.keys(labels).flatMap((key) =>
    key.startsWith(rolePrefix) && key.length > rolePrefix.length ? [key.slice(rolePrefix.length)] : [],
  )
  const old = labels['kubernetes.io/role']
  return [...new Set([...named, ...(old ? [old] : [])])].sort().join(',')
}

function labelled(labels: Readonly<Record<string, string>>, ...keys: readonly string[]): string {
  return keys.map((key) => labels[key]).find(Boolean) ?? ''
}

function taintText(taint: Json): string {
  const value = text(taint['value'])
  return `${text(taint['key'])}${value ? `=${value}` : ''}:${text(taint['effect'])}`
}
