import type { PodIdentity } from './pod-identity.ts'

/** What one container used, as metrics.k8s.io tells it: averaged over the sampling window that ended at `timeMs`. */
export interface UsagePoint {
  readonly pod: PodIdentity
  readonly container: string
  readonly cpuMillicores: number
  /** Working set. */
  readonly memoryBytes: number
  readonly timeMs: number
}

/** The same of a whole node: what its pods use, and what runs beside them. */
export interface NodeUsagePoint {
  readonly node: string
  readonly cpuMillicores: number
  readonly memoryBytes: number
  readonly timeMs: number
}

/**
 * Gauges of the OpenTelemetry semantic conventions for containers: CPU in cores (`{cpu}`), memory in bytes (`By`).
 * https://opentelemetry.io/docs/specs/semconv/system/container-metrics/
 */
export const usageMetrics = {
  cpu: { name: 'container.cpu.usage', unit: '{cpu}' },
  memory: { name: 'container.memory.working_set', unit: 'By' },
} as const

/** https://opentelemetry.io/docs/specs/semconv/system/k8s-metrics/ */
export const nodeUsageMetrics = {
  cpu: { name: 'k8s.node.cpu.usage', unit: '{cpu}' },
  memory: { name: 'k8s.node.memory.working_set', unit: 'By' },
} as const
