import type { JsonObject } from '../record/kube-api.ts'
import { withoutManagedFields } from './managed-fields.ts'

/**
 * Reads the JSON of a Kubernetes list item by item, so that memory is bounded by the largest item and not by the list:
 * a server that answers from its cache may ignore `limit` and send a hundred thousand objects in one body.
 *
 * A scanner finds where each element of the top-level array `items` begins and ends (it only follows nesting and
 * strings; JSON.parse then checks each element). What is left over, the envelope with `metadata`, is parsed at the end.
 * Limit: an item or envelope longer than `itemBytesMax` fails the list.
 */
export interface ListReader {
  push(chunk: Uint8Array): void
  /** The envelope, with `items` emptied. Throws when the body ended early or is no JSON. */
  end(): JsonObject
}

const quote = 0x22
const backslash = 0x5c

export function createListReader(onItem: (item: JsonObject) => void, itemBytesMax: number): ListReader {
  const envelope = createPieces(itemBytesMax)
  const item = createPieces(itemBytesMax)
  let depth = 0
  let inString = false
  let escaped = false
  let inItems = false
  /** The text of the last string at depth 1, to know the key `items`; longer keys are cut, they cannot match. */
  let key = ''
  let keyOpen = false

  /** Where a new run of bytes of the current piece begins in this chunk. */
  function push(chunk: Uint8Array): void {
    let from = 0
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0
      if (inString) {
        if (escaped) escaped = false
        else if (byte === backslash) escaped = true
        else if (byte === quote) {
          inString = false
          keyOpen = false
        }
        if (keyOpen && key.length < 8) key += String.fromCharCode(byte)
        continue
      }
      if (byte === quote) {
        inString = true
        if (depth === 1) {
          key = ''
          keyOpen = true
        }
      } else if (byte === 0x7b || byte === 0x5b) {
        if (inItems && depth === 2) {
          // The element begins: commas and spaces between elements belong to neither piece.
          from = at
        }
        depth++
        if (!inItems && depth === 2 && byte === 0x5b && key === 'items') {
          inItems = true
          envelope.add(chunk.subarray(from, at + 1))
          from = at + 1
        }
      } else if (byte === 0x7d || byte === 0x5d) {
        depth--
        if (inItems && depth === 2) {
          item.add(chunk.subarray(from, at + 1))
          onItem(item.take())
          from = at + 1
        } else if (inItems && depth === 1) {
          inItems = false
          from = at
        }
      }
    }
    const rest = chunk.subarray(from)
    if (!inItems) envelope.add(rest)
    else if (depth > 2) item.add(rest)
  }

  return {
    push,
    end() {
      if (depth !== 0 || inString) throw new Error('cannot read a list: it ended early')
      return envelope.take()
    },
  }
}

function createPieces(bytesMax: number) {
  let pieces: Uint8Array[] = []
  let bytes = 0
  return {
    add(piece: Uint8Array) {
      if (piece.length === 0) return
      pieces.push(piece)
      bytes += piece.length
      if (bytes > bytesMax) throw new Error(`cannot read a list: an item is longer than ${bytesMax} bytes`)
    },
    take(): JsonObject {
      const text = Buffer.concat(pieces, bytes).toString('utf8')
      pieces = []
      bytes = 0
      return asObject(JSON.parse(withoutManagedFields(text)))
    },
  }
}

function asObject(value: unknown): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error('cannot read a list: an item is no object')
  }
  return value as JsonObject
}
