import type { ObjectCondition, ObjectState } from '../../../record/kube.ts'
import type { FindingId, objectAmounts, objectFacts } from '../../../record/kube-facts.ts'
import type { ProjectedMeta } from '../metadata.ts'
import { type Json, list, object, text, timeMs } from '../read.ts'
import type { Workload } from '../workload.ts'

/**
 * An object of which all that we tell follows from the object itself: what is kept of it are the fields of its record, made
 * once as it is parsed. (Pods, namespaces and replica sets have projections of their own.)
 */
export interface Described extends ProjectedMeta {
  readonly kind: DescribedKind
  readonly status: string
  /** Since when it has this status, where the object tells. */
  readonly sinceMs?: number
  readonly fields: KindFields
  /** Of what makes pods: to notice a rollout without keeping the template. */
  readonly template?: PodTemplate
  /** The workload it is about, where owners do not say so: the target of an autoscaler. */
  readonly about?: Workload
}

export type DescribedKind =
  | 'Node'
  | 'Deployment'
  | 'StatefulSet'
  | 'DaemonSet'
  | 'Job'
  | 'CronJob'
  | 'Service'
  | 'EndpointSlice'
  | 'ResourceQuota'
  | 'LimitRange'
  | 'PersistentVolumeClaim'
  | 'HorizontalPodAutoscaler'

export type KindFields = Partial<
  Pick<
    ObjectState,
    | 'phase'
    | 'reason'
    | 'node'
    | 'version'
    | 'ready'
    | 'desired'
    | 'facts'
    | 'amounts'
    | 'conditions'
    | 'findings'
  >
>

export interface PodTemplate {
  readonly hash: string
  readonly images: readonly string[]
  readonly version: string
  readonly restartedAt: string
}

type FactsOf<K extends keyof typeof objectFacts> = {
  readonly [name in (typeof objectFacts)[K][number]]?: string
}
type AmountsOf<K extends keyof typeof objectAmounts> = {
  readonly [name in (typeof objectAmounts)[K][number]]?: number | undefined
}

/** Only what says something; the kind checks the names. */
export function facts<K extends keyof typeof objectFacts>(
  _kind: K,
  values: FactsOf<K>,
): Record<string, string> {
  return Object.fromEntries(Object.entries<string | undefined>(values).filter(([, one]) => one)) as Record<
    string,
    string
  >
}

export function amounts<K extends keyof typeof objectAmounts>(
  _kind: K,
  values: AmountsOf<K>,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries<number | undefined>(values).filter(
      ([name, one]) => one !== undefined && !isNoTime(name, one),
    ),
  ) as Record<string, number>
}

/** A time of 0 is none. */
function isNoTime(name: string, value: number): boolean {
  return value === 0 && name.endsWith('AtMs')
}

/** `undefined` and '' are no finding. */
export function findings(
  values: { readonly [id in FindingId]?: string | undefined },
): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([, where]) => where)) as Record<string, string>
}

const conditionsMax = 64
export const messageLengthMax = 1024

export function conditionsOf(status: Json): ObjectCondition[] {
  return list(status['conditions'])
    .slice(0, conditionsMax)
    .map((one) => ({
      type: text(one['type']),
      status: text(one['status']),
      reason: text(one['reason']),
      message: text(one['message']).slice(0, messageLengthMax),
      sinceMs: timeMs(one['lastTransitionTime']),
    }))
}

export function trueCondition(
  conditions: readonly ObjectCondition[],
  ...types: readonly string[]
): ObjectCondition | undefined {
  return conditions.find((one) => types.includes(one.type) && one.status === 'True')
}

/** `Reason: message`, as far as there are any. */
export function reasonText({
  reason,
  message,
}: {
  readonly reason: string
  readonly message: string
}): string {
  return [reason, message].filter(Boolean).join(': ')
}

/** `a=1,b=2`, in the order of the keys. */
export function pairs(value: unknown): string {
  return Object.entries(object(value))
    .map(([key, one]) => `${key}=${String(one)}`)
    .sort()
    .join(',')
}
