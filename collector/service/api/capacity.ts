import type { Range } from '../query/query.ts'
import type { CapacityStepRow, ReservedStepRow, UsageStepRow } from '../query/usage.ts'
import { levelChart, mergeCharts } from './charts.ts'
import type { Capacity } from './schema/clusters.ts'
import type { Chart } from './schema/common.ts'

export interface UsageRows {
  readonly usage: readonly UsageStepRow[]
  readonly reserved: readonly ReservedStepRow[]
  /** Left out: no line of what nodes can give. */
  readonly capacity?: readonly CapacityStepRow[]
}

/** Used, requested, limit, and what the nodes can give, on one axis. */
export function usageCharts(rows: UsageRows, range: Range): { cpu: Chart; memory: Chart } {
  const { usage, reserved, capacity } = rows
  return {
    cpu: mergeCharts(
      range,
      levelChart(usage, range, { used: (row) => row.cpuMillicores }, 'mCPU'),
      levelChart(
        reserved,
        range,
        { requested: (row) => row.cpuRequestMillicores, limit: (row) => row.cpuLimitMillicores },
        'mCPU',
      ),
      capacity && levelChart(capacity, range, { allocatable: (row) => row.cpuMillicores }, 'mCPU'),
    ),
    memory: mergeCharts(
      range,
      levelChart(usage, range, { used: (row) => row.memoryBytes }, 'By'),
      levelChart(
        reserved,
        range,
        { requested: (row) => row.memoryRequestBytes, limit: (row) => row.memoryLimitBytes },
        'By',
      ),
      capacity && levelChart(capacity, range, { allocatable: (row) => row.memoryBytes }, 'By'),
    ),
  }
}

/** Pods on nodes that have not ended, and how many the nodes may hold. */
export function podsChart({ reserved, capacity = [] }: UsageRows, range: Range): Chart {
  return mergeCharts(
    range,
    levelChart(reserved, range, { used: (row) => row.pods }, 'pods'),
    levelChart(capacity, range, { allocatable: (row) => row.pods }, 'pods'),
  )
}

/** The last known point of each line. */
export function toCapacity(chart: Chart): Capacity {
  const last = (name: string) =>
    chart.series.find((series) => series.name === name)?.points.findLast((point) => point !== null) ?? null
  return {
    unit: chart.series[0]?.unit ?? '1',
    used: last('used'),
    requested: last('requested'),
    limit: last('limit'),
    allocatable: last('allocatable'),
    chart,
  }
}
