import type { ObjectCondition } from '../../../record/kube.ts'
import { projectMeta } from '../metadata.ts'
import { count, type Json, list, object, text, timeMs } from '../read.ts'
import { amounts, conditionsOf, type Described, facts, findings, reasonText } from './described.ts'

/** A HorizontalPodAutoscaler of autoscaling/v2: OK, Limited, Failing, Disabled, or Unknown before its first look. */
export function projectAutoscaler(raw: Json): Described | undefined {
  const meta = projectMeta(raw)
  if (!meta) return undefined
  const spec = object(raw['spec'])
  const status = object(raw['status'])
  const target = object(spec['scaleTargetRef'])
  const about = { kind: text(target['kind']), name: text(target['name']) }
  const conditions = conditionsOf(status)
  const replicasMax = count(spec['maxReplicas'])
  const replicas = count(status['currentReplicas'])
  const failing = conditions.find(isFailing)
  const atMaximum = conditions.some(
    (one) => one.type === 'ScalingLimited' && one.status === 'True' && one.reason === 'TooManyReplicas',
  )
  return {
    kind: 'HorizontalPodAutoscaler',
    ...meta,
    status: autoscalerStatus(conditions),
    about,
    fields: {
      reason: failing?.reason ?? '',
      ready: replicas,
      desired: count(status['desiredReplicas']),
      facts: facts('HorizontalPodAutoscaler', {
        target: `${about.kind}/${about.name}`,
        metrics: list(spec['metrics']).map(metricText).join(', '),
      }),
      amounts: amounts('HorizontalPodAutoscaler', {
        replicasMin: typeof spec['minReplicas'] === 'number' ? count(spec['minReplicas']) : 1,
        replicasMax,
        replicas,
        lastScaledAtMs: timeMs(status['lastScaleTime']),
        ...percents(spec, status),
      }),
      conditions,
      findings: findings({
        'autoscaler-at-maximum': atMaximum ? `${replicas} of ${replicasMax} replicas` : '',
        'autoscaler-cannot-scale': failing && reasonText(failing),
      }),
    },
  }
}

function autoscalerStatus(conditions: readonly ObjectCondition[]): string {
  if (conditions.length === 0) return 'Unknown'
  if (conditions.some(isFailing)) return 'Failing'
  if (conditions.some(({ type, status }) => type === 'ScalingActive' && status === 'False')) return 'Disabled'
  const isLimited = conditions.some(({ type, status }) => type === 'ScalingLimited' && status === 'True')
  return isLimited ? 'Limited' : 'OK'
}

/** ScalingDisabled: the target has been scaled to 0 on purpose. */
function isFailing({ type, status, reason }: ObjectCondition): boolean {
  if (status !== 'False') return false
  return type === 'AbleToScale' || (type === 'ScalingActive' && reason !== 'ScalingDisabled')
}

/** Of cpu and memory, where the target is a share of the request. */
function percents(spec: Json, status: Json) {
  const share = (metrics: unknown, resource: string, key: string): number | undefined => {
    for (const metric of list(metrics)) {
      const source = object(metric['resource'] ?? metric['containerResource'])
      const value = object(source[key])['averageUtilization']
      if (source['name'] === resource && typeof value === 'number') return value
    }
    return undefined
  }
  const { metrics } = spec as { metrics?: unknown }
  const { currentMetrics } = status as { currentMetrics?: unknown }
  const entries = {
    cpuTargetPercent: share(metrics, 'cpu', 'target'),
    cpuPercent: share(currentMetrics, 'cpu', 'current'),
    memoryTargetPercent: share(metrics, 'memory', 'target'),
    memoryPercent: share(currentMetrics, 'memory', 'current'),
  }
  return Object.fromEntries(Object.entries(entries).filter(([, one]) => one !== undefined)) as {
    readonly [name in keyof typeof entries]?: number
  }
}

const sources = ['resource', 'containerResource', 'pods', 'object', 'external']

/** `cpu 70%`, `http_requests 100` */
function metricText(metric: Json): string {
  const source = sources.map((one) => object(metric[one])).find((one) => Object.keys(one).length > 0) ?? {}
  const target = object(source['target'])
  const name = text(source['name']) || text(object(source['metric'])['name'])
  const share = target['averageUtilization']
  const value = share === undefined ? (target['averageValue'] ?? target['value'] ?? '') : `${String(share)}%`
  return `${name} ${String(value)}`.trim()
}
