import { annotation, projectMeta } from '../metadata.ts'
import { memoryBytes } from '../quantity.ts'
import { type Json, object, text } from '../read.ts'
import { amounts, conditionsOf, type Described, facts, findings } from './described.ts'

/** A PersistentVolumeClaim: Bound, Pending, Lost, or Terminating as kubectl says. */
export function projectClaim(raw: Json): Described | undefined {
  const meta = projectMeta(raw)
  if (!meta) return undefined
  const spec = object(raw['spec'])
  const status = object(raw['status'])
  const phase = text(status['phase']) || 'Pending'
  const modes = Array.isArray(spec['accessModes']) ? spec['accessModes'].map(text) : []
  const storageClass =
    text(spec['storageClassName']) || annotation(raw, 'volume.beta.kubernetes.io/storage-class')
  return {
    kind: 'PersistentVolumeClaim',
    ...meta,
    status: meta.deletingAtMs > 0 ? 'Terminating' : phase,
    fields: {
      phase,
      facts: facts('PersistentVolumeClaim', {
        storageClass,
        volume: text(spec['volumeName']),
        accessModes: modes.join(', '),
      }),
      amounts: amounts('PersistentVolumeClaim', {
        requestBytes: memoryBytes(object(object(spec['resources'])['requests'])['storage']),
        capacityBytes: memoryBytes(object(status['capacity'])['storage']),
      }),
      conditions: conditionsOf(status),
      findings: findings({
        'claim-not-bound':
          phase === 'Bound'
            ? ''
            : [phase, storageClass && `of class ${storageClass}`].filter(Boolean).join(' '),
      }),
    },
  }
}
