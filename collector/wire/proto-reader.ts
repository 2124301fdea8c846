/** Input that is not the message it should be. Callers turn it into an answer to the sender; it never leaves `wire`'s entry points. */
export class WireError extends Error {
  override readonly name = 'WireError'
}

/**
 * A cursor over the fields of one protobuf message. Fields may come in any order; what the reader's user does not take is
 * skipped, groups included (https://protobuf.dev/programming-guides/encoding/).
 */
export interface ProtoReader {
  /** Goes to the next field; false at the end. The value of the field before is skipped if it was not taken. */
  next(): boolean
  field(): number
  /** 0 varint, 1 eight bytes, 2 length-delimited, 3 group, 5 four bytes. */
  wireType(): number
  /** As an unsigned 64-bit number. */
  varint(): bigint
  /** A varint as a number: exact below 2^53, else the low 32 bits decide (enums, counters of 32 bits). */
  uint32(): number
  fixed64(): bigint
  fixed32(): number
  double(): number
  /** A view, not a copy. */
  bytes(): Uint8Array
  /** Invalid UTF-8 is replaced, never fatal. */
  text(): string
}

const utf8 = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })
const groupDepthMax = 64

export function readProto(buffer: Uint8Array): ProtoReader {
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
  const end = buffer.length
  let at = 0
  let field = 0
  let wireType = -1

  const need = (bytes: number) => {
    if (at + bytes > end) throw new WireError(`the message ends in the middle of field ${field}`)
  }
  const readVarint = (): bigint => {
    let result = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      need(1)
      const byte = buffer[at++] ?? 0
      result |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, result)
    }
    throw new WireError(`field ${field} holds a varint longer than ten bytes`)
  }
  const readSmall = (): number => {
    let result = 0
    for (let shift = 0; shift < 28; shift += 7) {
      need(1)
      const byte = buffer[at++] ?? 0
      result |= (byte & 0x7f) << shift
      if (byte < 0x80) return result
    }
    at -= 4
    return Number(BigInt.asUintN(32, readVarint()))
  }
  const expect = (type: number) => {
    if (wireType !== type) throw new WireError(`field ${field} has wire type ${wireType}, not ${type}`)
    wireType = -1
  }
  const readTag = () => {
    const tag = readSmall()
    field = tag >>> 3
    wireType = tag & 7
    if (field === 0) throw new WireError('a field has the number 0')
  }
  const skip = (depth = 0): void => {
    const type = wireType
    wireType = -1
    switch (type) {
      case 0:
        readVarint()
        return
      case 1:
        need(8)
        at += 8
        return
      case 2: {
        const length = readSmall()
        need(length)
        at += length
        return
      }
      case 3:
        skipGroup(depth)
        return
      case 5:
        need(4)
        at += 4
        return
      default:
        throw new WireError(`field ${field} has the unknown wire type ${type}`)
    }
  }
  const skipGroup = (depth: number): void => {
    if (depth >= groupDepthMax) throw new WireError(`groups are nested deeper than ${groupDepthMax}`)
    const group = field
    for (;;) {
      need(1)
      readTag()
      if (wireType === 4) {
        if (field !== group) throw new WireError(`group ${group} is closed as ${field}`)
        wireType = -1
        return
      }
      skip(depth + 1)
    }
  }
  const take = (bytes: number): number => {
    need(bytes)
    at += bytes
    return at - bytes
  }

  const reader: ProtoReader = {
    next() {
      if (wireType >= 0) skip()
      if (at >= end) return false
      readTag()
      return true
    },
    field: () => field,
    wireType: () => wireType,
    varint() {
      expect(0)
      return readVarint()
    },
    uint32() {
      expect(0)
      return readSmall() >>> 0
    },
    fixed64() {
      expect(1)
      return view.getBigUint64(take(8), true)
    },
    fixed32() {
      expect(5)
      return view.getUint32(take(4), true)
    },
    double() {
      expect(1)
      return view.getFloat64(take(8), true)
    },
    bytes() {
      expect(2)
      const length = readSmall()
      const start = take(length)
      return buffer.subarray(start, start + length)
    },
    text: () => utf8.decode(reader.bytes()),
  }
  return reader
}
