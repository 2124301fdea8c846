import { errorText } from '../../std/assert.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'

/**
 * Which namespaces are collected, kept on disk: an agent that comes back can tell that one was deleted or opted out while it
 * was away, of which nothing else would ever speak. What is added is written at once; what is removed stays for `keepMs`, as
 * the records that say so are on their way to the spool. A disk that fails costs only this.
 */
export interface CollectedNamespaces {
  /** What was collected when the agent last ran, in this cluster. */
  load(clusterUid: string): Promise<readonly CollectedNamespace[]>
  add(namespace: CollectedNamespace): void
  remove(namespace: CollectedNamespace): void
  /** Resolves when all is on disk. */
  close(): Promise<void>
}

export interface CollectedNamespace {
  readonly name: string
  /** Empty in namespaced mode, where it is not known. */
  readonly uid: string
}

export interface CollectedDeps {
  readonly clock: Clock
  readonly log: Log
  /** Undefined: there is none. */
  readonly read: () => Promise<Buffer | undefined>
  readonly replace: (bytes: Uint8Array) => Promise<void>
}

export function createCollectedNamespaces(
  { clock, log, read, replace }: CollectedDeps,
  { keepMs = 5_000 }: { readonly keepMs?: number } = {},
): CollectedNamespaces {
  const present = new Map<string, CollectedNamespace>()
  const closing = new AbortController()
  const removals = new Set<Promise<void>>()
  let cluster = ''
  let writing: Promise<void> | undefined
  let dirty = false
  let failed = false
  const keyOf = ({ name, uid }: CollectedNamespace) => `${uid}/${name}`

  /** One write at a time; what changes meanwhile is in the next. */
  function write(): void {
    dirty = true
    writing ??= (async () => {
      while (dirty) {
        dirty = false
        const text = JSON.stringify({ cluster, namespaces: [...present.values()] })
        await replace(Buffer.from(text)).then(
          () => {
            failed = false
          },
          (error: unknown) => {
            if (!failed)
              log.warn(`cannot remember on disk which namespaces are collected: ${errorText(error)}`)
            failed = true
          },
        )
      }
      writing = undefined
    })()
  }

  return {
    async load(clusterUid) {
      cluster = clusterUid
      try {
        const known = parseCollected(await read())
        if (known.cluster !== clusterUid) return []
        for (const one of known.namespaces) present.set(keyOf(one), one)
        return known.namespaces
      } catch (error) {
        log.warn(`cannot read which namespaces were collected: ${errorText(error)}`)
        return []
      }
    },
    add({ name, uid }) {
      present.set(keyOf({ name, uid }), { name, uid })
      write()
    },
    remove(namespace) {
      const key = keyOf(namespace)
      const removed = present.get(key)
      const later = clock.sleep(keepMs, closing.signal).then(() => {
        removals.delete(later)
        // Not when it was added again since.
        if (present.get(key) === removed) present.delete(key)
        write()
      })
      removals.add(later)
    },
    async close() {
      closing.abort()
      await Promise.all(removals)
      await writing
    },
  }
}

function parseCollected(bytes: Buffer | undefined): { cluster: string; namespaces: CollectedNamespace[] } {
  if (!bytes) return { cluster: '', namespaces: [] }
  const value = JSON.parse(bytes.toString('utf8')) as { cluster?: unknown; namespaces?: unknown } | null
  const namespaces = Array.isArray(value?.namespaces) ? (value.namespaces as unknown[]) : []
  return {
    cluster: String(value?.cluster ?? ''),
    namespaces: namespaces.flatMap((one) => {
      const { name, uid } = (one ?? {}) as { name?: unknown; uid?: unknown }
      return typeof name === 'string' && typeof uid === 'string' ? [{ name, uid }] : []
    }),
  }
}
