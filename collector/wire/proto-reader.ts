/** Input that is not the message it should be. Callers turn it into an answer to the sender; it never leaves `wire`'s entry points. */
export class WireError extends Error {
  override readonly name = 'WireError'
}

export function readProto(bytes: Uint8Array): ProtoReader {
  return new ProtoReader(bytes)
}

const groupDepthMax = 64

/**
 * A cursor over the fields of one protobuf message. Fields may come in any order; what the reader's user does not take is
 * skipped, groups included (https://protobuf.dev/programming-guides/encoding/).
 *
 *     while (reader.next())
 *       if (reader.field() === 1) name = reader.text()
 *
 * Invariants: `#at` never passes the end; a value is taken once, or skipped by the next `next()`.
 * A field whose wire type is not the one asked for, and bytes that end early, throw WireError.
 */
export class ProtoReader {
  readonly #bytes: Buffer
  readonly #end: number
  #at = 0
  #fieldStart = 0
  #field = 0
  /** -1: the value was taken. */
  #wireType = -1

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#end = bytes.length
  }

  /** Goes to the next field; false at the end. The value of the field before is skipped if it was not taken. */
  next(): boolean {
    if (this.#wireType >= 0) this.#skip(0)
    if (this.#at >= this.#end) return false
    this.#fieldStart = this.#at
    this.#readTag()
    return true
  }

  field(): number {
    return this.#field
  }

  /** 0 varint, 1 eight bytes, 2 length-delimited, 3 group, 5 four bytes. */
  wireType(): number {
    return this.#wireType
  }

  /** As an unsigned 64-bit number. */
  varint(): bigint {
    this.#expect(0)
    return this.#readVarint()
  }

  /** A varint as a number: its low 32 bits (enums, counters of 32 bits, booleans). */
  uint32(): number {
    this.#expect(0)
    return this.#readLow32()
  }

  fixed64(): bigint {
    this.#expect(1)
    return this.#bytes.readBigUInt64LE(this.#take(8))
  }

  fixed32(): number {
    this.#expect(5)
    return this.#bytes.readUInt32LE(this.#take(4))
  }

  double(): number {
    this.#expect(1)
    return this.#bytes.readDoubleLE(this.#take(8))
  }

  /** A view, not a copy. */
  bytes(): Buffer {
    this.#expect(2)
    const length = this.#readLength()
    const start = this.#take(length)
    return this.#bytes.subarray(start, start + length)
  }

  /** Invalid UTF-8 is replaced, never fatal. */
  text(): string {
    this.#expect(2)
    const length = this.#readLength()
    const start = this.#take(length)
    return this.#bytes.toString('utf8', start, start + length)
  }

  /** The whole field as it came, tag and all. */
  raw(): Buffer {
    this.#skip(0)
    return this.#bytes.subarray(this.#fieldStart, this.#at)
  }

  #take(bytes: number): number {
    const start = this.#at
    if (bytes > this.#end - start) throw this.#endsEarly()
    this.#at = start + bytes
    return start
  }

  #byte(): number {
    if (this.#at >= this.#end) throw this.#endsEarly()
    return this.#bytes[this.#at++] ?? 0
  }

  #endsEarly(): WireError {
    return new WireError(`the message ends in the middle of field ${this.#field}`)
  }

  #expect(type: number): void {
    if (this.#wireType !== type)
      throw new WireError(`field ${this.#field} has wire type ${this.#wireType}, not ${type}`)
    this.#wireType = -1
  }

  #readTag(): void {
    const start = this.#at
    const tag = this.#readLow32()
    const bytes = this.#at - start
    if (bytes > 5 || (bytes === 5 && (this.#bytes[this.#at - 1] ?? 0) > 0x0f))
      throw new WireError('a field has a tag of more than 32 bits')
    this.#field = tag >>> 3
    this.#wireType = tag & 7
    if (this.#field === 0) throw new WireError('a field has the number 0')
  }

  #readVarint(): bigint {
    let result = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte()
      result |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, result)
    }
    throw this.#tooLong()
  }

  #readLow32(): number {
    let result = 0
    for (let index = 0; index < 10; index++) {
      const byte = this.#byte()
      if (index < 5) result |= (byte & 0x7f) << (7 * index)
      if (byte < 0x80) return result >>> 0
    }
    throw this.#tooLong()
  }

  #tooLong(): WireError {
    return new WireError(`field ${this.#field} holds a varint longer than ten bytes`)
  }

  /** All bits count: a length beyond the buffer must not wrap to one within. */
  #readLength(): number {
    const start = this.#at
    let length = 0
    for (let index = 0; index < 4; index++) {
      const byte = this.#byte()
      length |= (byte & 0x7f) << (7 * index)
      if (byte < 0x80) return length
    }
    this.#at = start
    return Number(this.#readVarint())
  }

  #skip(depth: number): void {
    const type = this.#wireType
    this.#wireType = -1
    switch (type) {
      case 0:
        this.#readLow32()
        return
      case 1:
        this.#take(8)
        return
      case 2:
        this.#take(this.#readLength())
        return
      case 3:
        this.#skipGroup(depth)
        return
      case 5:
        this.#take(4)
        return
      default:
        throw new WireError(`field ${this.#field} has the unknown wire type ${type}`)
    }
  }

  #skipGroup(depth: number): void {
    if (depth >= groupDepthMax) throw new WireError(`groups are nested deeper than ${groupDepthMax}`)
    const group = this.#field
    for (;;) {
      this.#readTag()
      if (this.#wireType === 4) {
        if (this.#field !== group) throw new WireError(`group ${group} is closed as ${this.#field}`)
        this.#wireType = -1
        return
      }
      this.#skip(depth + 1)
    }
  }
}
