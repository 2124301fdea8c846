import { createBlockDecoder } from '../../../collector/wire/block-decoder.ts'

/** A path from request bytes to the bytes of an insert, as the decode benchmark drives it. */
export interface DecodePath {
  readonly name: string
  /** Takes one protobuf request in; the number of its spans. */
  append(body: Uint8Array): number
  /** Ends the block and gives the size of what would be inserted. */
  seal(): number
}

/** The product's path. */
export function decodeUnderTest(): DecodePath {
  const decoder = createBlockDecoder()
  return {
    name: 'binnacle',
    append(body) {
      const result = decoder.append(
        { signal: 'traces', encoding: 'protobuf', body },
        { receivedAtMs: Date.now(), batchId: '' },
      )
      if (result.type === 'invalid') throw new Error(`BUG: the corpus is invalid: ${result.message}`)
      return result.received
    },
    seal: () => decoder.seal().reduce((sum, block) => sum + block.bytes.length, 0),
  }
}
