import type { MetricRow } from '../../../collector/record/signal.ts'
import { nodeUsageMetrics, usageMetrics } from '../../../collector/record/usage.ts'
import { clusterId, seedPods } from './cluster.ts'

/** Container CPU and memory of running pods, every pod steady: benigno-v1-5c8b-0 near its memory limit. */
export function seedUsage(range: { nowMs: number; fromMs: number; stepSeconds: number }): MetricRow[] {
  const rows: MetricRow[] = []
  const pods = seedPods.filter((pod) => pod.phase === 'Running' && pod.deletedAgoMs === undefined)
  const stepMs = range.stepSeconds * 1000
  for (let time = range.fromMs; time < range.nowMs; time += stepMs) {
    for (const pod of pods) {
      if (time < range.nowMs - pod.ageMs) continue
      const hot = pod.name === 'benigno-v1-5c8b-0'
      const shared = {
        time,
        pod: pod.name,
        namespace: pod.namespace,
        node: pod.node,
        container: pod.workload,
      }
      rows.push(point(usageMetrics.cpu.name, usageMetrics.cpu.unit, hot ? 0.45 : 0.05, shared))
      rows.push(
        point(usageMetrics.memory.name, usageMetrics.memory.unit, (hot ? 240 : 64) * 1024 ** 2, shared),
      )
    }
    // Every node but worker-3, which does not answer, uses 1.2 CPU and 3 GiB in all.
    for (const [index, node] of ['control-1', 'worker-1', 'worker-2'].entries()) {
      // A node is a resource of its own, and so is its series.
      const place = { time, node, pod: '', namespace: '', container: '', resource_id: BigInt(index + 1) }
      rows.push(point(nodeUsageMetrics.cpu.name, nodeUsageMetrics.cpu.unit, 1.2, place))
      rows.push(point(nodeUsageMetrics.memory.name, nodeUsageMetrics.memory.unit, 3 * 1024 ** 3, place))
    }
  }
  return rows
}

type Place = Pick<MetricRow, 'time' | 'pod' | 'namespace' | 'node' | 'container'> &
  Partial<Pick<MetricRow, 'resource_id'>>

function point(metric: string, unit: string, value: number, place: Place): MetricRow {
  return {
    metric,
    unit,
    value,
    start_time: 0,
    kind: 'gauge',
    temporality: 0,
    monotonic: false,
    cluster_id: clusterId,
    application: '',
    service: '',
    attributes: new Map(),
    description: '',
    scope_name: '',
    scope_version: '',
    scope_attributes: new Map(),
    schema_url: '',
    resource_id: 0n,
    count: 0n,
    sum: 0,
    min: 0,
    max: 0,
    bounds: [],
    bucket_counts: [],
    quantile_values: [],
    exponential: '',
    exemplars_time: [],
    exemplars_value: [],
    exemplars_trace_id: [],
    exemplars_span_id: [],
    exemplars_attributes: [],
    flags: 0,
    received_at: place.time,
    batch_id: 'seed',
    ...place,
  }
}
