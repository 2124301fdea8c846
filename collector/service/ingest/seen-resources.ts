import type { ResourceRow } from '../../record/span.ts'

/** How often a resource's `last_seen` is written again while it keeps sending. */
const refreshMs = 10 * 60_000
/** Oldest first out; a forgotten resource is only written once more. */
const entriesMax = 50_000

/** Which resources are stored already, so that each is written once and then now and again. */
export interface SeenResources {
  /** Each id once. */
  unseen(resources: readonly ResourceRow[]): ResourceRow[]
  /** After their insert. */
  remember(resources: readonly ResourceRow[]): void
}

export function createSeenResources(): SeenResources {
  const seenAtMs = new Map<bigint, number>()
  return {
    unseen(resources) {
      const wanted = new Map<bigint, ResourceRow>()
      for (const resource of resources) {
        const at = seenAtMs.get(resource.resource_id)
        if (at === undefined || resource.last_seen - at > refreshMs)
          wanted.set(resource.resource_id, resource)
      }
      return [...wanted.values()]
    },
    remember(resources) {
      for (const { resource_id, last_seen } of resources) {
        seenAtMs.delete(resource_id)
        seenAtMs.set(resource_id, last_seen)
      }
      for (const id of seenAtMs.keys()) {
        if (seenAtMs.size <= entriesMax) break
        seenAtMs.delete(id)
      }
    },
  }
}
