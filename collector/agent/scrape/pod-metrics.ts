import type { JsonObject } from '../../record/kube-api.ts'

/** One container of one pod, before its pod is known by more than its name. */
export interface ContainerUsage {
  readonly podName: string
  readonly container: string
  readonly cpuMillicores: number
  readonly memoryBytes: number
  readonly timeMs: number
}

/** Reads a PodMetricsList; entries it cannot read are left out. */
export function parsePodMetrics(list: JsonObject, nowMs: number): ContainerUsage[] {
  return objects(list['items']).flatMap((item) => {
    const podName = object(item['metadata'])['name']
    if (typeof podName !== 'string') return []
    const sampledMs = Date.parse(String(item['timestamp']))
    return objects(item['containers']).flatMap((container) => {
      const usage = object(container['usage'])
      const cpu = quantity(usage['cpu'])
      const memory = quantity(usage['memory'])
      const name = container['name']
      if (typeof name !== 'string' || cpu === undefined || memory === undefined) return []
      return [
        {
          podName,
          container: name,
          cpuMillicores: cpu * 1000,
          memoryBytes: Math.round(memory),
          timeMs: Number.isFinite(sampledMs) ? Math.min(sampledMs, nowMs) : nowMs,
        },
      ]
    })
  })
}

const factors: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
}

/** metrics-server writes CPU in nanocores and memory in Ki; zero is a value here, unlike in requests and limits. */
function quantity(value: unknown): number | undefined {
  const match = /^([0-9]+(?:\.[0-9]+)?)([numkMGKTi]*)$/.exec(String(value ?? ''))
  const factor = factors[match?.[2] ?? '?']
  return match && factor !== undefined ? Number(match[1]) * factor : undefined
}

function object(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null ? (value as JsonObject) : {}
}

function objects(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.map(object) : []
}
