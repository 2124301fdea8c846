/**
 * Buffers of blocks that are stored, for the next blocks: fresh ones of tens of megabytes cost page faults, and each of
 * them brings the next garbage collection nearer.
 *
 * Limits: `sparesMax` buffers and `spareBytesMax` bytes; overflow policy: drop-oldest.
 */
export interface SpareBuffers {
  /** A buffer of so many bytes or more; what is in it is anything. */
  take(bytes: number): Buffer<ArrayBuffer>
  give(buffer: ArrayBuffer): void
}

const sparesMax = 6
const spareBytesMax = 160 * 1024 ** 2
/** Below this a fresh one costs less. */
const keptBytesMin = 256 * 1024
/** A buffer serves blocks down to a quarter of it. */
const wasteMax = 4
/** So that the next block, which is a little larger, fits too. */
const headroom = 1.25

export function createSpareBuffers(): SpareBuffers {
  /** Oldest first. */
  let spares: ArrayBuffer[] = []
  return {
    take(bytes) {
      if (bytes < keptBytesMin) return Buffer.allocUnsafeSlow(bytes)
      const fitting = spares.filter(({ byteLength }) => byteLength >= bytes && byteLength <= bytes * wasteMax)
      const smallest = fitting.sort((a, b) => a.byteLength - b.byteLength)[0]
      if (!smallest) return Buffer.allocUnsafeSlow(Math.ceil(bytes * headroom))
      spares = spares.filter((one) => one !== smallest)
      return Buffer.from(smallest)
    },
    give(buffer) {
      if (buffer.byteLength < keptBytesMin || buffer.byteLength > spareBytesMax) return
      spares.push(buffer)
      let bytes = spares.reduce((sum, { byteLength }) => sum + byteLength, 0)
      while (spares.length > sparesMax || bytes > spareBytesMax) bytes -= spares.shift()?.byteLength ?? 0
    },
  }
}
