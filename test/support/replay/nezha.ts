import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { UsagePoint } from '../../../collector/record/usage.ts'
import type { Attributes, ReplaySpan, SpanKind } from './spans.ts'

/** Nezha: Online Boutique on Kubernetes with injected faults (IntelligentDDS/Nezha, rca_data/2022-08-22). Times in Unix ms as recorded. */
export interface NezhaFault {
  readonly startMs: number
  readonly pod: string
  readonly service: string
  /** cpu_contention, cpu_consumed, network_delay, return, exception. */
  readonly kind: string
}

export const nezhaApplication = 'hipster'
const cluster: Attributes = { 'k8s.cluster.name': 'nezha' }

/** `adservice-5f6585d649-fnmft` is a pod of Deployment `adservice`. */
export const serviceOfPod = (pod: string): string => pod.split('-').slice(0, -2).join('-')

export function readNezhaFaults(folder: string): NezhaFault[] {
  const byHour = JSON.parse(readFileSync(join(folder, 'fault_list.json'), 'utf8')) as Record<
    string,
    { inject_timestamp: string; inject_pod: string; inject_type: string }[]
  >
  return Object.values(byHour)
    .flat()
    .map((fault) => ({
      startMs: Number(fault.inject_timestamp) * 1000,
      pod: fault.inject_pod,
      service: serviceOfPod(fault.inject_pod),
      kind: fault.inject_type,
    }))
}

export function nezhaTraceFiles(folder: string): string[] {
  return readdirSync(join(folder, 'trace'))
    .sort()
    .map((name) => join(folder, 'trace', name))
}

/** A row of a trace file; times in ns. */
export interface NezhaRow {
  readonly traceId: string
  readonly spanId: string
  /** `root` becomes ''. */
  readonly parentId: string
  readonly pod: string
  readonly operation: string
  readonly startNs: bigint
  readonly endNs: bigint
}

export function readNezhaRows(file: string): NezhaRow[] {
  return readCsv(file).map(
    ([traceId = '', spanId = '', parent = '', pod = '', operation = '', start, end]) => ({
      traceId,
      spanId,
      parentId: parent === 'root' ? '' : parent,
      pod,
      operation,
      startNs: BigInt(start ?? 0),
      endNs: BigInt(end ?? 0),
    }),
  )
}

/**
 * The files do not say the kinds of spans: one whose parent is of another pod, or a root, serves a request; an operation of a
 * pod that has children in other pods is an outgoing call; the rest is work within the pod.
 */
export function toNezhaSpans(rows: readonly NezhaRow[], shiftMs: number): ReplaySpan[] {
  const podOf = new Map(rows.map((row) => [row.spanId, row]))
  const calls = new Set<string>()
  for (const row of rows) {
    const parent = podOf.get(row.parentId)
    if (parent && parent.pod !== row.pod) calls.add(`${parent.pod}\n${parent.operation}`)
  }
  const kindOf = (row: NezhaRow): SpanKind => {
    const parent = podOf.get(row.parentId)
    if (row.parentId === '' || (parent && parent.pod !== row.pod)) return 'server'
    return calls.has(`${row.pod}\n${row.operation}`) ? 'client' : 'internal'
  }
  const shiftNs = BigInt(shiftMs) * 1_000_000n
  const resources = new Map<string, Attributes>()
  return rows.map((row) => {
    const resource = resources.get(row.pod) ?? resourceOf(row.pod)
    resources.set(row.pod, resource)
    return {
      traceId: row.traceId,
      spanId: row.spanId,
      parentSpanId: row.parentId,
      name: row.operation,
      kind: kindOf(row),
      startNs: row.startNs + shiftNs,
      endNs: row.endNs + shiftNs,
      resource,
    }
  })
}

const resourceOf = (pod: string): Attributes => ({
  ...cluster,
  'service.name': serviceOfPod(pod),
  'service.namespace': nezhaApplication,
  'k8s.namespace.name': nezhaApplication,
  'k8s.deployment.name': serviceOfPod(pod),
  'k8s.pod.name': pod,
})

export const nezhaClusterResource: ReadonlyMap<string, string> = new Map(Object.entries(cluster))

/** CPU and memory of the pods, once a minute. */
export function readNezhaUsage(folder: string, shiftMs: number): UsagePoint[] {
  const directory = join(folder, 'metric')
  return readdirSync(directory)
    .filter((name) => name.endsWith('_metric.csv.gz'))
    .sort()
    .flatMap((name) =>
      readCsv(join(directory, name)).map(([, seconds, pod = '', cpu, , memoryMi]) => ({
        pod: {
          uid: '',
          name: pod,
          namespace: nezhaApplication,
          node: '',
          workloadKind: 'Deployment',
          workloadName: serviceOfPod(pod),
          version: '',
        },
        container: 'server',
        cpuMillicores: Number(cpu),
        memoryBytes: Number(memoryMi) * 1024 ** 2,
        timeMs: Number(seconds) * 1000 + shiftMs,
      })),
    )
}

/** The rows after the heading; no field of these files is quoted. */
function readCsv(file: string): string[][] {
  return gunzipSync(readFileSync(file))
    .toString('utf8')
    .trimEnd()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(','))
}
