import { type Cursor, declined } from './columns/cursor.ts'
import { WireError } from './proto-reader.ts'

/** Bytes of an envelope that are worth remembering. */
const keyBytesMax = 16_384
/** Oldest first out. */
const entriesMax = 5_000

/**
 * What stands around the items of a Resource… or Scope… message (resource or scope, schema URL) read once per spelling:
 * senders say the same with every request.
 */
export interface EnvelopeCache<T> {
  /** Of the message from `cursor.at` to `end`; the cursor is left at its start. Throws `declined` for a damaged one. */
  find(cursor: Cursor, end: number, context: string): T
}

/** `read` gets the whole message. What it makes may depend on `context`, too. */
export function createEnvelopeCache<T>(read: (message: Uint8Array, context: string) => T): EnvelopeCache<T> {
  const known = new Map<string, T>()
  return {
    find(cursor, end, context) {
      const start = cursor.at
      const key = `${context}\n${spellingOf(cursor, end)}`
      cursor.at = start
      const found = known.get(key)
      if (found !== undefined) return found
      const made = readOrDecline(() => read(cursor.bytes.subarray(start, end), context))
      if (key.length <= keyBytesMax) {
        if (known.size >= entriesMax) known.delete(known.keys().next().value ?? '')
        known.set(key, made)
      }
      return made
    },
  }
}

function readOrDecline<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof WireError) throw declined
    throw error
  }
}

/** All fields but the items (field 2 of both messages), one character a byte. */
function spellingOf(cursor: Cursor, end: number): string {
  const outer = cursor.end
  let spelling = ''
  cursor.end = end
  while (cursor.at < end) {
    const from = cursor.at
    const tag = cursor.tag()
    cursor.skip(tag)
    if (tag >>> 3 !== 2) spelling += cursor.bytes.toString('latin1', from, cursor.at)
  }
  cursor.end = outer
  return spelling
}
