import { integer, type Json, list, object, text, texts, timeMs } from './read.ts'

/** What every projection keeps of an object's metadata; of managedFields the newest time, of last-applied nothing. */
export interface ProjectedMeta {
  readonly uid: string
  readonly resourceVersion: string
  readonly namespace: string
  readonly name: string
  readonly createdAtMs: number
  /** When this version was written, by the API server's clock, to the second; 0: not told. */
  readonly changedAtMs: number
  /** 0: not being deleted. */
  readonly deletingAtMs: number
  readonly generation: number
  readonly labels: Record<string, string>
  /** The owner with `controller: true`; empty kind: none. */
  readonly owner: Owner
}

export interface Owner {
  readonly kind: string
  readonly name: string
  readonly uid: string
}

export const noOwner: Owner = { kind: '', name: '', uid: '' }

export function projectMeta(raw: Json): ProjectedMeta | undefined {
  const meta = object(raw['metadata'])
  const uid = text(meta['uid'])
  const name = text(meta['name'])
  if (uid === '' || name === '') return undefined
  const owner = list(meta['ownerReferences']).find((one) => one['controller'] === true)
  return {
    uid,
    name,
    resourceVersion: text(meta['resourceVersion']),
    namespace: text(meta['namespace']),
    createdAtMs: timeMs(meta['creationTimestamp']),
    changedAtMs: changedAtMs(meta),
    deletingAtMs: timeMs(meta['deletionTimestamp']),
    generation: integer(meta['generation']),
    labels: texts(meta['labels']),
    owner: owner
      ? { kind: text(owner['kind']), name: text(owner['name']), uid: text(owner['uid']) }
      : noOwner,
  }
}

const resourcePrefix = 'resource.opentelemetry.io/'
const resourceAttributesMax = 32
const resourceValueMax = 1_024

/** https://opentelemetry.io/docs/specs/semconv/non-normative/k8s-attributes/ */
export function resourceAnnotations(raw: Json): Readonly<Record<string, string>> | undefined {
  const found = Object.entries(texts(object(raw['metadata'])['annotations']))
    .filter(([key, value]) => key.startsWith(resourcePrefix) && key !== resourcePrefix && value !== '')
    .slice(0, resourceAttributesMax)
  if (found.length === 0) return undefined
  return Object.fromEntries(
    found.map(([key, value]) => [key.slice(resourcePrefix.length), value.slice(0, resourceValueMax)]),
  )
}

/**
 * The API server notes with each writer's fields when that writer last changed one:
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
 */
function changedAtMs(meta: Json): number {
  let newest = ''
  for (const { time } of list(meta['managedFields']))
    if (typeof time === 'string' && time > newest) newest = time
  return timeMs(newest)
}

export function annotation(raw: Json, key: string): string {
  return text(object(object(raw['metadata'])['annotations'])[key])
}
