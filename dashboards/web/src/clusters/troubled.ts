import type { Condition } from '@binnacle/collector/api/objects'

/** Conditions that should be true; all others of these kinds should be false, and those of other kinds say nothing. */
const shouldBeTrue: Readonly<Record<string, readonly string[]>> = {
  Node: ['Ready'],
  Deployment: ['Available', 'Progressing'],
  StatefulSet: ['Available'],
  DaemonSet: ['Available'],
  HorizontalPodAutoscaler: ['AbleToScale', 'ScalingActive'],
  Job: ['Complete', 'SuccessCriteriaMet'],
}
/** Of a job it is no trouble that it is not complete yet. */
const mayBeFalse: Readonly<Record<string, readonly string[]>> = {
  Job: ['Complete', 'SuccessCriteriaMet', 'Suspended'],
}

export function isTroubled(kind: string, { type, status }: Condition): boolean {
  const wanted = shouldBeTrue[kind]
  if (wanted === undefined || mayBeFalse[kind]?.includes(type)) return false
  return wanted.includes(type) ? status !== 'True' : status === 'True'
}

export function troubled(kind: string, conditions: readonly Condition[]): readonly Condition[] {
  return conditions.filter((one) => isTroubled(kind, one))
}
