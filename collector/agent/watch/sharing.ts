/**
 * Makes what is remembered of objects share what it has in common: JSON.parse gives every object its own copy of the image,
 * the node, the owner and each label, and in a cluster they are the same a thousand times over. A third of the memory.
 *
 * Limit: `valuesMax` values are known at a time, in two generations, so that what is no longer used goes; policy: the older
 * generation is forgotten, which costs nothing but memory.
 */
export interface Sharing {
  /**
   * The same object, changed in place: it must be fresh, known to nobody else. Parts that say what those of `before` say, which
   * is what was known of the object and has been shared, are those: what has not changed is neither looked up nor kept anew.
   */
  share<T extends object>(fresh: T, before?: T): T
}

export interface SharingConfig {
  readonly valuesMax?: number
}

const textLengthMax = 256
/** Their values are another's for every object. */
const unique: ReadonlySet<string> = new Set([
  'uid',
  'name',
  'resourceVersion',
  'podIps',
  'containerIds',
  'message',
])
/** Of few fields, and equal for all pods of an owner. */
const whole: ReadonlySet<string> = new Set(['labels', 'owner'])

export function createSharing({ valuesMax = 50_000 }: SharingConfig = {}): Sharing {
  let young = new Map<string, unknown>()
  let old = new Map<string, unknown>()

  function known<T>(key: string, value: T): T {
    const found = young.get(key)
    if (found !== undefined) return found as T // Keys tell texts and objects apart.
    const shared = (old.get(key) as T | undefined) ?? value
    young.set(key, shared)
    if (young.size >= valuesMax / 2) {
      old = young
      young = new Map()
    }
    return shared
  }

  /** Whether it says what `before` says, field by field. */
  function shareIn(value: object, before: object | undefined, isUnique = false): boolean {
    const fields = value as Record<string, unknown>
    const befores = before as Record<string, unknown> | undefined
    let isSame = befores !== undefined
    for (const key in fields) {
      const field = fields[key]
      const was = befores?.[key]
      if (typeof field === 'string') {
        if (field === was) fields[key] = was
        else {
          isSame = false
          if (field.length <= textLengthMax && !isUnique && !unique.has(key))
            fields[key] = known(field, field)
        }
      } else if (typeof field === 'object' && field !== null) {
        const wasObject = typeof was === 'object' && was !== null ? was : undefined
        if (shareIn(field, wasObject, isUnique || unique.has(key))) fields[key] = wasObject
        else {
          isSame = false
          if (whole.has(key)) fields[key] = known(`${key} ${JSON.stringify(field)}`, field)
        }
      } else if (field !== was) isSame = false
    }
    if (isSame) for (const key in befores) if (!(key in fields)) return false
    return isSame
  }

  return {
    share(fresh, before) {
      shareIn(fresh, before)
      return fresh
    },
  }
}
