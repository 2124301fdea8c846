/** Writes protobuf fields into one growing buffer; sub-messages are written by a callback, which is given the same writer. */
export interface ProtoWriter {
  varint(field: number, value: bigint | number): ProtoWriter
  /** Like `varint`, and left out when it is 0 or false, as proto3 does. */
  optional(field: number, value: bigint | number | boolean): ProtoWriter
  fixed64(field: number, value: bigint): ProtoWriter
  fixed32(field: number, value: number): ProtoWriter
  double(field: number, value: number): ProtoWriter
  bytes(field: number, value: Uint8Array): ProtoWriter
  text(field: number, value: string): ProtoWriter
  message(field: number, write: (writer: ProtoWriter) => void): ProtoWriter
  packedDoubles(field: number, values: readonly number[]): ProtoWriter
  packedFixed64(field: number, values: readonly bigint[]): ProtoWriter
  packedVarints(field: number, values: readonly bigint[]): ProtoWriter
  /** Tag and length of a message whose bytes follow elsewhere. */
  opening(field: number, length: number): ProtoWriter
  /** Bytes as they are, fields and all. */
  raw(value: Uint8Array): ProtoWriter
  finish(): Uint8Array
}

export function writeProto(): ProtoWriter {
  let buffer = Buffer.allocUnsafe(1024)
  let length = 0
  const room = (bytes: number) => {
    if (length + bytes <= buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(buffer.length * 2, length + bytes))
    buffer.copy(larger, 0, 0, length)
    buffer = larger
  }
  const putVarint = (value: bigint | number) => {
    room(10)
    length =
      typeof value === 'number' && value >= 0 && value < 2 ** 31 ? putSmall(value) : putBig(BigInt(value))
  }
  const putSmall = (value: number, from = length) => {
    let at = from
    let rest = value
    for (; rest >= 0x80; rest >>>= 7) buffer[at++] = (rest & 0x7f) | 0x80
    buffer[at++] = rest
    return at
  }
  const putBig = (value: bigint) => {
    let at = length
    let rest = BigInt.asUintN(64, value)
    for (; rest >= 0x80n; rest >>= 7n) buffer[at++] = Number(rest & 0x7fn) | 0x80
    buffer[at++] = Number(rest)
    return at
  }
  const tag = (field: number, wireType: number) => putVarint(field * 8 + wireType)
  const writer: ProtoWriter = {
    varint(field, value) {
      tag(field, 0)
      putVarint(value)
      return writer
    },
    optional(field, value) {
      const number = typeof value === 'boolean' ? Number(value) : value
      return number === 0 || number === 0n ? writer : writer.varint(field, number)
    },
    fixed64(field, value) {
      tag(field, 1)
      room(8)
      length = buffer.writeBigUInt64LE(BigInt.asUintN(64, value), length)
      return writer
    },
    fixed32(field, value) {
      tag(field, 5)
      room(4)
      length = buffer.writeUInt32LE(value >>> 0, length)
      return writer
    },
    double(field, value) {
      tag(field, 1)
      room(8)
      length = buffer.writeDoubleLE(value, length)
      return writer
    },
    bytes: (field, value) => writer.opening(field, value.length).raw(value),
    text(field, value) {
      const bytes = Buffer.byteLength(value)
      writer.opening(field, bytes)
      room(bytes)
      length += buffer.write(value, length, bytes)
      return writer
    },
    // In place: a buffer for each message would be most of what an agent allocates. Mostly its length takes one byte; behind
    // a longer one the message moves up.
    message(field, write) {
      tag(field, 2)
      room(1)
      const at = length++
      write(writer)
      const bytes = length - at - 1
      const more = bytes < 0x80 ? 0 : bytes < 0x4000 ? 1 : bytes < 0x200000 ? 2 : bytes < 0x10000000 ? 3 : 4
      if (more > 0) {
        room(more)
        buffer.copyWithin(at + 1 + more, at + 1, length)
        length += more
      }
      putSmall(bytes, at)
      return writer
    },
    packedDoubles(field, values) {
      if (values.length === 0) return writer
      const packed = Buffer.allocUnsafe(values.length * 8)
      for (const [index, value] of values.entries()) packed.writeDoubleLE(value, index * 8)
      return writer.bytes(field, packed)
    },
    packedFixed64(field, values) {
      if (values.length === 0) return writer
      const packed = Buffer.allocUnsafe(values.length * 8)
      for (const [index, value] of values.entries())
        packed.writeBigUInt64LE(BigInt.asUintN(64, value), index * 8)
      return writer.bytes(field, packed)
    },
    packedVarints(field, values) {
      if (values.length === 0) return writer
      const packed = writeProto()
      for (const value of values) packed.raw(varintBytes(value))
      return writer.bytes(field, packed.finish())
    },
    opening(field, messageLength) {
      tag(field, 2)
      putVarint(messageLength)
      return writer
    },
    raw(value) {
      room(value.length)
      buffer.set(value, length)
      length += value.length
      return writer
    },
    finish: () => buffer.subarray(0, length),
  }
  return writer
}

function varintBytes(value: bigint): Uint8Array {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, value)
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  bytes.push(Number(rest))
  return Uint8Array.from(bytes)
}
