import { isDeepStrictEqual } from 'node:util'
import type { KubeRecord } from '../../record/kube.ts'
import type { Described } from './kinds/described.ts'
import { deriveChanges } from './object-changes.ts'
import { deriveObjectState, type ProjectedObject, type StateContext, statusOf } from './object-state.ts'

/**
 * Turns what a watch says of objects into records: the object as it is, unless nothing of it changed that we tell, and what
 * happened to it. Remembers only since when each object has its present status.
 */
export interface ObjectTeller {
  tell(
    sight: Sight,
    context: Pick<StateContext, 'workload' | 'scopeReason' | 'quotas' | 'missing' | 'switchedOff'>,
  ): void
  /** The object is no longer ours to speak of. */
  forget(uid: string): void
}

export interface Sight {
  readonly object: ProjectedObject
  /** What was told before; undefined: nothing. */
  readonly previous: ProjectedObject | undefined
  readonly deleted: boolean
  /** Read by a list: how long it has been so is not known. */
  readonly fromList: boolean
}

export function createObjectTeller({
  nowMs: now,
  emit,
}: {
  readonly nowMs: () => number
  readonly emit: (record: KubeRecord, object: ProjectedObject) => void
}): ObjectTeller {
  /** Absent: since before we saw it. */
  const statusSinceMs = new Map<string, number>()

  return {
    tell({ object, previous, deleted, fromList }, context) {
      const nowMs = now()
      // What is read anew is told anew: whoever asked for it may have lost what was told before.
      if (deleted || fromList || !previous || !isSameRecord(previous, object)) {
        const record = deriveObjectState(object, { ...context, observedAtMs: nowMs, deleted })
        emit({ type: 'object', record }, object)
      }
      const previousSinceMs = statusSinceMs.get(object.uid) ?? 0
      const { workload } = context
      for (const record of deriveChanges({
        previous,
        next: object,
        deleted,
        workload,
        previousSinceMs,
        nowMs,
      }))
        emit({ type: 'change', record }, object)
      if (deleted) statusSinceMs.delete(object.uid)
      else if (!previous) {
        const sinceMs = sinceOf(object) || (fromList ? 0 : object.createdAtMs)
        if (sinceMs > 0) statusSinceMs.set(object.uid, sinceMs)
      } else if (statusOf(previous) !== statusOf(object))
        statusSinceMs.set(object.uid, sinceOf(object) || object.changedAtMs || nowMs)
    },
    forget: (uid) => void statusSinceMs.delete(uid),
  }
}

function sinceOf(object: ProjectedObject): number {
  return ('sinceMs' in object && object.sinceMs) || 0
}

/** Of many versions of an object only a heartbeat or an annotation differs. Parts that are the same object cost nothing. */
function isSameRecord(a: ProjectedObject, b: ProjectedObject): boolean {
  if ('fields' in a && 'fields' in b) return isDeepStrictEqual(toldOf(a), toldOf(b))
  // The very same is told once more because of what others say of it.
  return a !== b && isDeepStrictEqual(versionless(a), versionless(b))
}

function toldOf({ status, labels, owner, fields }: Described) {
  return [status, labels, owner, fields]
}

function versionless(object: ProjectedObject) {
  return { ...object, resourceVersion: '', changedAtMs: 0 }
}
