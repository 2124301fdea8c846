import type { ResourceRow } from '../../record/span.ts'

/** How often a resource's `last_seen` is written again while it keeps sending. */
const refreshMs = 10 * 60_000
/** Oldest first out; a forgotten resource is only written once more. */
const entriesMax = 50_000

/** Which resources are written already, so that each is written once and then now and again. */
export interface SeenResources {
  /** Those that are to be written; they count as seen from now on. */
  takeUnseen(resources: readonly ResourceRow[]): ResourceRow[]
  /** After their insert failed. */
  forget(resources: readonly ResourceRow[]): void
}

export function createSeenResources(): SeenResources {
  const seenAtMs = new Map<bigint, number>()

  function remember({ resource_id, last_seen }: ResourceRow): void {
    seenAtMs.delete(resource_id)
    seenAtMs.set(resource_id, last_seen)
    for (const id of seenAtMs.keys()) {
      if (seenAtMs.size <= entriesMax) break
      seenAtMs.delete(id)
    }
  }

  return {
    takeUnseen(resources) {
      const unseen = resources.filter(({ resource_id, last_seen }) => {
        const at = seenAtMs.get(resource_id)
        return at === undefined || last_seen - at > refreshMs
      })
      for (const resource of unseen) remember(resource)
      return unseen
    },
    forget(resources) {
      for (const { resource_id } of resources) seenAtMs.delete(resource_id)
    },
  }
}
