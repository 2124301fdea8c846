/**
 * Bytes that grow: what columns are made of. Kept over blocks (`length = 0`), so that a warm decoder allocates nothing.
 * Hot loops write to `bytes` and `length` themselves after `room`.
 */
export class ByteBuffer {
  bytes: Buffer
  length = 0

  constructor(firstBytes = 4_096) {
    this.bytes = Buffer.allocUnsafeSlow(firstBytes)
  }

  /** Makes sure that `count` bytes more fit. */
  room(count: number): void {
    if (this.length + count > this.bytes.length) this.#grow(this.length + count)
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, needed))
    this.bytes.copy(larger, 0, 0, this.length)
    this.bytes = larger
  }

  /** LEB128. */
  varint(value: number): void {
    this.room(10)
    let rest = value
    while (rest >= 0x80) {
      this.bytes[this.length++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.bytes[this.length++] = rest
  }

  uint32(value: number): void {
    this.room(4)
    this.length = this.bytes.writeUInt32LE(value, this.length)
  }

  /** A count below 2^53 as UInt64. */
  uint64(value: number): void {
    this.room(8)
    this.bytes.writeUInt32LE(value % 0x1_0000_0000, this.length)
    this.bytes.writeUInt32LE(Math.floor(value / 0x1_0000_0000), this.length + 4)
    this.length += 8
  }

  /** The bytes alone, without their length. */
  add(from: Uint8Array, start: number, end: number): void {
    const count = end - start
    this.room(count)
    if (count <= loopedBytesMax) {
      const { bytes, length } = this
      for (let at = 0; at < count; at++) bytes[length + at] = from[start + at] as number
    } else this.bytes.set(start === 0 && end === from.length ? from : from.subarray(start, end), this.length)
    this.length += count
  }

  /** The text's length in bytes, then its bytes: a String of ClickHouse's Native format. */
  text(value: string): void {
    const count = Buffer.byteLength(value)
    this.varint(count)
    this.room(count)
    this.bytes.write(value, this.length)
    this.length += count
  }
}

/** Up to so many bytes a loop beats the call into the runtime. */
export const loopedBytesMax = 64
