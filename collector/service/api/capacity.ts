import type { Range } from '../query/query.ts'
import type { CapacityStepRow, ReservedStepRow, UsageStepRow } from '../query/usage.ts'
import { levelChart, mergeCharts } from './charts.ts'
import type { Capacity } from './schema/clusters.ts'
import type { Chart } from './schema/common.ts'

export interface UsageRows {
  readonly usage: readonly UsageStepRow[]
  readonly reserved: readonly ReservedStepRow[]
  /** Left out: no lines of whole nodes. */
  readonly nodeUsage?: readonly UsageStepRow[]
  readonly capacity?: readonly CapacityStepRow[]
}

/** Used, requested and limit of pods; used in all and allocatable of nodes; on one axis. A line of nothing is left out. */
export function usageCharts(rows: UsageRows, range: Range): { cpu: Chart; memory: Chart } {
  const { usage, reserved, nodeUsage = [], capacity } = rows
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
      nodeUsage.length > 0
        ? levelChart(nodeUsage, range, { 'used in all': (row) => row.cpuMillicores }, 'mCPU')
        : undefined,
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
      nodeUsage.length > 0
        ? levelChart(nodeUsage, range, { 'used in all': (row) => row.memoryBytes }, 'By')
        : undefined,
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
