import type { ObjectRow } from '@binnacle/collector/api/objects'
import type { State } from '../parts/state.ts'

/** How the status of an object is shown: by what was found on it, by its replicas, else by its word. */
export function objectState({
  kind,
  status,
  ready,
  desired,
  findings,
}: Pick<ObjectRow, 'kind' | 'status' | 'ready' | 'desired' | 'findings'>): State {
  if (/^(Failed|NotReady|Lost|Failing)/.test(status)) return 'failed'
  if (/^(Complete|Succeeded|Suspended|Disabled)/.test(status)) return 'done'
  if (/^(Pending|Terminating|Progressing)/.test(status)) return 'pending'
  const isReplicated = kind !== 'Job' && kind !== 'HorizontalPodAutoscaler' && kind !== 'ReplicaSet'
  if (isReplicated && ready < desired) return ready === 0 ? 'failed' : 'warning'
  return findings.some((one) => one.severity !== 'info') ? 'warning' : 'ok'
}
