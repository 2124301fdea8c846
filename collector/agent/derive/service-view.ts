import type { Described } from './kinds/described.ts'
import type { Sight } from './object-teller.ts'
import { withEndpoints, withService } from './service-endpoints.ts'

/**
 * Tells Services and EndpointSlices, each of which looks different when the other changes. What changed is told when
 * the steps of `flush` are taken, so that endpoints that come and go every moment make one record each time and not a flood; deletions
 * are told at once.
 * Limits: what waits are the uids of one collection's services and slices.
 */
export interface ServiceView {
  onService(event: ViewEvent): void
  onSlice(event: ViewEvent): void
  /** One step a record, so that whoever takes them can wait for room in between. */
  flush(): Iterable<void>
  forget(namespace: string): void
}

export type ViewEvent = {
  readonly type: 'added' | 'modified' | 'deleted'
  readonly object: Described
  readonly previous: Described | undefined
  readonly fromList: boolean
}

export interface ServiceViewDeps {
  readonly services: Lookup
  readonly slices: Lookup
  /** Whether the resource has been read; 'denied' is an answer, too. */
  readonly readiness: (resource: 'services' | 'slices') => 'unread' | 'read' | 'denied'
  readonly tell: (sight: Sight) => void
}

export interface Lookup {
  get(uid: string): Described | undefined
  named(namespace: string, name: string): Described | undefined
}

export function createServiceView({ services, slices, readiness, tell }: ServiceViewDeps): ServiceView {
  /** As last told; what comes as added is told as if it had never been. */
  const told = new Map<string, Described>()
  /** uid → whether it was read by a list. */
  const due = new Map<string, boolean>()
  const slicesByService = new Map<string, Set<string>>()
  const serviceKey = (slice: Described) => `${slice.namespace}/${slice.fields.facts?.['service'] ?? ''}`

  function serviceIsDue(slice: Described): void {
    const service = services.named(slice.namespace, slice.fields.facts?.['service'] ?? '')
    if (service) due.set(service.uid, due.get(service.uid) ?? false)
  }

  function unlink(slice: Described): void {
    const uids = slicesByService.get(serviceKey(slice))
    uids?.delete(slice.uid)
    if (uids?.size === 0) slicesByService.delete(serviceKey(slice))
    serviceIsDue(slice)
  }

  function gone({ object, fromList }: ViewEvent): void {
    due.delete(object.uid)
    const last = told.get(object.uid)
    told.delete(object.uid)
    // The endpoints it had are in what was told last.
    const present = last ? { ...last, resourceVersion: object.resourceVersion } : object
    tell({ object: present, previous: last, deleted: true, fromList })
  }

  function viewOf(object: Described): Described {
    if (object.kind === 'EndpointSlice') {
      const known = readiness('services') === 'read'
      const service = object.fields.facts?.['service'] ?? ''
      const has = known ? services.named(object.namespace, service) !== undefined : undefined
      return withService(object, has)
    }
    if (readiness('slices') === 'denied') return withEndpoints(object, undefined)
    const own = slicesByService.get(`${object.namespace}/${object.name}`) ?? []
    return withEndpoints(
      object,
      [...own].flatMap((uid) => slices.get(uid) ?? []),
    )
  }

  return {
    onService(event) {
      const { object, type, fromList } = event
      if (type === 'added') told.delete(object.uid)
      if (type === 'deleted') gone(event)
      else due.set(object.uid, fromList)
      for (const uid of slicesByService.get(`${object.namespace}/${object.name}`) ?? [])
        due.set(uid, due.get(uid) ?? false)
    },
    onSlice(event) {
      const { object, previous, type, fromList } = event
      if (type === 'added') told.delete(object.uid)
      if (previous && serviceKey(previous) !== serviceKey(object)) unlink(previous)
      if (type === 'deleted') {
        unlink(object)
        gone(event)
        return
      }
      const uids = slicesByService.get(serviceKey(object)) ?? new Set()
      slicesByService.set(serviceKey(object), uids.add(object.uid))
      due.set(object.uid, fromList)
      serviceIsDue(object)
    },
    *flush() {
      if (readiness('services') === 'unread' || readiness('slices') === 'unread') return
      const round = [...due]
      due.clear()
      for (const [uid, fromList] of round) {
        const present = services.get(uid) ?? slices.get(uid)
        if (!present) continue
        const object = viewOf(present)
        const previous = told.get(uid)
        // A slice that is gone has no time: what it leaves is older than what was told.
        const isLate = previous !== undefined && object.changedAtMs <= previous.changedAtMs
        const isOther = previous !== undefined && object.status !== previous.status
        tell({
          object: isLate && isOther ? { ...object, changedAtMs: 0 } : object,
          previous,
          deleted: false,
          fromList,
        })
        told.set(uid, isLate ? { ...object, changedAtMs: previous.changedAtMs } : object)
        yield
      }
    },
    forget(namespace) {
      for (const [uid, object] of told) if (object.namespace === namespace) told.delete(uid)
      for (const key of slicesByService.keys())
        if (key.startsWith(`${namespace}/`)) slicesByService.delete(key)
    },
  }
}
