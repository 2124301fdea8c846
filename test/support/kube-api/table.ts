import type { KubeObject } from './objects.ts'

/** PartialObjectMetadata: the metadata alone, as `Accept: …;as=PartialObjectMetadata` asks for. */
export function partialMetadata(object: KubeObject): KubeObject {
  return { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata: object.metadata }
}

const columns = [
  { name: 'Name', type: 'string', format: 'name', priority: 0 },
  { name: 'Ready', type: 'string', format: '', priority: 0 },
  { name: 'Status', type: 'string', format: '', priority: 0 },
  { name: 'Restarts', type: 'string', format: '', priority: 0 },
]

/** The table of `kubectl get pods`, as the server computes it for `Accept: …;as=Table`. */
export function podTable(pods: readonly KubeObject[], version: string): object {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: version },
    columnDefinitions: columns,
    rows: pods.map((pod) => {
      const { ready, status, restarts } = printedPod(pod)
      return { cells: [pod.metadata.name, ready, status, restarts], object: partialMetadata(pod) }
    }),
  }
}

interface ContainerState {
  readonly waiting?: { readonly reason?: string }
  readonly running?: object
  readonly terminated?: { readonly reason?: string; readonly exitCode?: number; readonly signal?: number }
}
interface ContainerStatus {
  readonly name: string
  readonly ready?: boolean
  readonly started?: boolean
  readonly restartCount?: number
  readonly state?: ContainerState
}
interface PodFields {
  readonly spec?: {
    readonly containers?: readonly { readonly name: string }[]
    readonly initContainers?: readonly { readonly name: string; readonly restartPolicy?: string }[]
  }
  readonly status?: {
    readonly phase?: string
    readonly reason?: string
    readonly conditions?:
      | readonly { readonly type: string; readonly status: string; readonly reason?: string }[]
      | null
    readonly containerStatuses?: readonly ContainerStatus[] | null
    readonly initContainerStatuses?: readonly ContainerStatus[] | null
  }
}

/** `printPod` of kubernetes/pkg/printers/internalversion/printers.go, without the age of the last restart. */
export function printedPod(pod: KubeObject): { ready: string; status: string; restarts: string } {
  const { spec = {}, status = {} } = pod as PodFields
  const conditions = status.conditions ?? []
  const isTrue = (type: string) => conditions.some((one) => one.type === type && one.status === 'True')
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  const isSidecar = (name: string) => sidecars.some((one) => one.name === name)
  const total = (spec.containers ?? []).length + sidecars.length
  let reason = status.reason || status.phase || ''
  if (conditions.some((one) => one.type === 'PodScheduled' && one.reason === 'SchedulingGated'))
    reason = 'SchedulingGated'
  let restarts = 0
  let sidecarRestarts = 0
  let ready = 0
  let initializing = false
  for (const [index, one] of (status.initContainerStatuses ?? []).entries()) {
    const { waiting, terminated } = one.state ?? {}
    restarts += one.restartCount ?? 0
    if (isSidecar(one.name)) sidecarRestarts += one.restartCount ?? 0
    if (terminated?.exitCode === 0) continue
    if (isSidecar(one.name) && one.started) {
      if (one.ready) ready++
      continue
    }
    if (terminated) reason = `Init:${endOf(terminated)}`
    else if (waiting?.reason && waiting.reason !== 'PodInitializing') reason = `Init:${waiting.reason}`
    else reason = `Init:${index}/${(spec.initContainers ?? []).length}`
    initializing = true
    break
  }
  if (!initializing || isTrue('Initialized')) {
    restarts = sidecarRestarts
    let hasRunning = false
    for (const one of (status.containerStatuses ?? []).toReversed()) {
      const { waiting, terminated, running } = one.state ?? {}
      restarts += one.restartCount ?? 0
      if (waiting?.reason) reason = waiting.reason
      else if (terminated) reason = endOf(terminated)
      else if (one.ready && running) {
        hasRunning = true
        ready++
      }
    }
    if (reason === 'Completed' && hasRunning) reason = isTrue('Ready') ? 'Running' : 'NotReady'
  }
  if (pod.metadata.deletionTimestamp) {
    if (status.reason === 'NodeLost') reason = 'Unknown'
    else if (!['Failed', 'Succeeded'].includes(status.phase ?? '')) reason = 'Terminating'
  }
  return { ready: `${ready}/${total}`, status: reason, restarts: String(restarts) }
}

function endOf({ reason, signal, exitCode }: NonNullable<ContainerState['terminated']>): string {
  if (reason) return reason
  return signal ? `Signal:${signal}` : `ExitCode:${exitCode ?? 0}`
}
