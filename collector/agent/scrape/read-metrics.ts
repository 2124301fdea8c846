import type { JsonObject } from '../../record/kube-api.ts'
import { tryQuantity } from '../../record/quantity.ts'
import type { NodeUsagePoint } from '../../record/usage.ts'

/** One container of one pod, before its pod is known by more than its name. */
export interface ContainerUsage {
  readonly namespace: string
  readonly podName: string
  readonly container: string
  readonly cpuMillicores: number
  readonly memoryBytes: number
  readonly timeMs: number
}

/** Reads a PodMetrics; what it cannot read is left out. */
export function readPodMetrics(item: JsonObject, nowMs: number): ContainerUsage[] {
  const { name: podName, namespace = '' } = object(item['metadata'])
  if (typeof podName !== 'string' || typeof namespace !== 'string') return []
  return objects(item['containers']).flatMap((container) => {
    const used = readUsage(container)
    const name = container['name']
    if (typeof name !== 'string' || !used) return []
    return [{ namespace, podName, container: name, ...used, timeMs: sampledMs(item, nowMs) }]
  })
}

/** Reads a NodeMetrics. */
export function readNodeMetrics(item: JsonObject, nowMs: number): NodeUsagePoint | undefined {
  const { name } = object(item['metadata'])
  const used = readUsage(item)
  return typeof name === 'string' && used
    ? { node: name, ...used, timeMs: sampledMs(item, nowMs) }
    : undefined
}

function readUsage(item: JsonObject): { cpuMillicores: number; memoryBytes: number } | undefined {
  const usage = object(item['usage'])
  const cpu = quantity(usage['cpu'])
  const memory = quantity(usage['memory'])
  if (cpu === undefined || memory === undefined) return undefined
  return { cpuMillicores: cpu * 1000, memoryBytes: Math.round(memory) }
}

function sampledMs(item: JsonObject, nowMs: number): number {
  const timeMs = Date.parse(String(item['timestamp']))
  return Number.isFinite(timeMs) ? Math.min(timeMs, nowMs) : nowMs
}

/** Zero is a value here, unlike in requests and limits. */
function quantity(value: unknown): number | undefined {
  const read = tryQuantity(value)
  return read !== undefined && read >= 0 ? read : undefined
}

function object(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null ? (value as JsonObject) : {}
}

function objects(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.map(object) : []
}
