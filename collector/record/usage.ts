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

/**
 * Gauges of the OpenTelemetry semantic conventions for containers: CPU in cores (`{cpu}`), memory in bytes (`By`).
 * https://opentelemetry.io/docs/specs/semconv/system/container-metrics/
 */
export const usageMetrics = {
  cpu: { name: 'container.cpu.usage', unit: '{cpu}' },
  memory: { name: 'container.memory.working_set', unit: 'By' },
} as const
