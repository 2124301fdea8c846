/**
 * Thrown by the columnar decoders for what they do not take: damaged bytes, and what is rare enough to be left to the plain
 * decoders (a key twice, pieces of a message, surplus). Not an Error: making a stack costs more than the span.
 */
export const declined: unique symbol = Symbol('declined')

/**
 * A place in protobuf bytes. One object is reused for all messages of a request; reading beyond `end` is declined by the
 * reader that moves. No position is ever outside of the message that is being read.
 */
export class Cursor {
  bytes: Buffer = Buffer.alloc(0)
  at = 0
  end = 0
  /** The low and the high half of the last 64-bit number read. */
  low = 0
  high = 0

  open(bytes: Uint8Array): void {
    this.bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = 0
    this.end = bytes.length
  }

  /** A varint below 2^32: tags. Those of field numbers up to 15 are one byte. */
  tag(): number {
    const byte = this.bytes[this.at] as number
    if (byte < 0x80 && this.at < this.end) {
      this.at++
      return byte
    }
    return this.#uint32()
  }

  /** A varint that is below 2^32: its low bits must not pass for another tag or length. */
  #uint32(): number {
    const from = this.at
    const value = this.low32()
    const count = this.at - from
    if (count > 5 || (count === 5 && (this.bytes[this.at - 1] as number) > 0x0f)) throw declined
    return value
  }

  /** The low 32 bits of a varint. */
  low32(): number {
    const { bytes, end } = this
    let { at } = this
    let result = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= end) throw declined
      const byte = bytes[at++] as number
      if (shift < 32) result |= (byte & 0x7f) << shift
      if (byte < 0x80) {
        this.at = at
        return result >>> 0
      }
    }
    throw declined
  }

  /** A varint into `low` and `high`. */
  varint64(): void {
    const { bytes, end } = this
    let { at } = this
    let low = 0
    let high = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= end) throw declined
      const byte = bytes[at++] as number
      const bits = byte & 0x7f
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= bits << 28
        high = bits >>> 4
      } else if (shift < 63) high |= bits << (shift - 32)
      else high |= bits << 31
      if (byte < 0x80) {
        this.at = at
        this.low = low >>> 0
        this.high = high >>> 0
        return
      }
    }
    throw declined
  }

  /** Eight bytes into `low` and `high`. */
  fixed64(): void {
    const { bytes, at } = this
    if (at + 8 > this.end) throw declined
    this.low =
      ((bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24)) >>>
      0
    this.high =
      ((bytes[at + 4] as number) |
        ((bytes[at + 5] as number) << 8) |
        ((bytes[at + 6] as number) << 16) |
        ((bytes[at + 7] as number) << 24)) >>>
      0
    this.at = at + 8
  }

  fixed32(): number {
    const { bytes, at } = this
    if (at + 4 > this.end) throw declined
    this.at = at + 4
    return bytes.readUInt32LE(at)
  }

  /** The length of what follows, all of which lies within the message; `at` stands before it. */
  length(): number {
    const byte = this.bytes[this.at] as number
    let length = byte
    if (byte < 0x80) this.at++
    else length = this.#uint32()
    if (length > this.end - this.at) throw declined
    return length
  }

  /** Goes over the value of a field that is not taken. */
  skip(tag: number): void {
    switch (tag & 7) {
      case 0:
        this.low32()
        return
      case 1:
        this.#forward(8)
        return
      case 2:
        this.#forward(this.length())
        return
      case 5:
        this.#forward(4)
        return
      default:
        // Groups, and what is no wire type.
        throw declined
    }
  }

  #forward(count: number): void {
    if (this.at + count > this.end) throw declined
    this.at += count
  }
}
