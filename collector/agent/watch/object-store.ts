import type { Projected, ReflectorEvent } from './projected.ts'

/**
 * The reflector's copy of the server's state, keyed by uid: a name that is used again by another uid is another object,
 * so it is a deletion and an addition. Every mutator returns the events that describe the difference, in order.
 */
export interface ObjectStore<T extends Projected> extends StoreView<T> {
  upsert(object: T): ReflectorEvent<T>[]
  remove(object: T): ReflectorEvent<T>[]
  /** Says nothing: the namespace is no longer ours to speak of. */
  forget(namespace: string): void
  /**
   * Replaces everything by a list, step by step as the events are taken: changes and deletions nobody told us about are
   * synthesised.
   * `trustVersions`: an object of the same version is the same object, so that nothing is said about it.
   * `tellAll`: every object is told of as if it had never been.
   */
  replace(objects: readonly T[], options: ReplaceOptions): Iterable<ReflectorEvent<T>>
}

interface ReplaceOptions {
  readonly trustVersions: boolean
  readonly tellAll: boolean
}

/** What is kept of an object, given what was kept of its last version. */
export type Remember<T extends Projected> = (object: T, known: T | undefined) => T

export interface StoreView<T extends Projected> {
  readonly size: number
  get(uid: string): T | undefined
  named(namespace: string, name: string): T | undefined
  values(): IterableIterator<T>
}

export function createObjectStore<T extends Projected>(remember: Remember<T>): ObjectStore<T> {
  const byUid = new Map<string, T>()
  /** By namespace: a key of both would be a text of its own for each object. */
  const uidsByName = new Map<string, Map<string, string>>()
  /** Since the last replacement began, which must not bring them back. */
  const forgotten = new Set<string>()
  const uidOf = (namespace: string, name: string) => uidsByName.get(namespace)?.get(name)

  function put(object: T, known: T | undefined): void {
    const kept = remember(object, known)
    byUid.set(kept.uid, kept)
    if (kept.name === '') return
    const uids = uidsByName.get(kept.namespace)
    if (uids) uids.set(kept.name, kept.uid)
    else uidsByName.set(kept.namespace, new Map([[kept.name, kept.uid]]))
  }

  function dropName({ namespace, name, uid }: T): void {
    const uids = uidsByName.get(namespace)
    if (uids?.get(name) !== uid) return
    uids.delete(name)
    if (uids.size === 0) uidsByName.delete(namespace)
  }

  function drop(uid: string, fromList: boolean, last?: T): ReflectorEvent<T>[] {
    const known = byUid.get(uid)
    if (!known) return []
    byUid.delete(uid)
    dropName(known)
    return [{ type: 'deleted', object: last ?? known, previous: known, fromList }]
  }

  function set(
    object: T,
    { fromList, trustVersions, tellAll }: ReplaceOptions & { readonly fromList: boolean },
  ): ReflectorEvent<T>[] {
    const known = byUid.get(object.uid)
    if (trustVersions && !tellAll && known?.resourceVersion === object.resourceVersion) return []
    const namesake = uidOf(object.namespace, object.name)
    const gone = namesake !== undefined && namesake !== object.uid ? drop(namesake, fromList) : []
    put(object, known)
    const previous = tellAll ? undefined : known
    return [...gone, { type: previous ? 'modified' : 'added', object, previous, fromList }]
  }

  return {
    get size() {
      return byUid.size
    },
    get: (uid) => byUid.get(uid),
    named(namespace, name) {
      const uid = uidOf(namespace, name)
      return uid === undefined ? undefined : byUid.get(uid)
    },
    values: () => byUid.values(),
    upsert: (object) => set(object, { fromList: false, trustVersions: true, tellAll: false }),
    remove: (object) => drop(object.uid, false, object),
    forget(namespace) {
      forgotten.add(namespace)
      for (const object of byUid.values()) if (object.namespace === namespace) drop(object.uid, false)
    },
    *replace(objects, { trustVersions, tellAll }) {
      forgotten.clear()
      const listed = new Set(objects.map((object) => object.uid))
      for (const uid of [...byUid.keys()]) if (!listed.has(uid)) yield* drop(uid, true)
      for (const object of objects)
        if (!forgotten.has(object.namespace)) yield* set(object, { fromList: true, trustVersions, tellAll })
    },
  }
}
