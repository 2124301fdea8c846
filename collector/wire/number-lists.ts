import { listMax } from './limits.ts'
import { type ProtoReader, WireError } from './proto-reader.ts'

/** Repeated numbers: packed, or one by one from old senders, or both. They are added to `into`. */
export function fixed64List(reader: ProtoReader, into: bigint[]): void {
  if (reader.wireType() === 1) add(into, reader.fixed64())
  else for (const [bytes, at] of eights(reader)) add(into, bytes.readBigUInt64LE(at))
}

export function doubleList(reader: ProtoReader, into: number[]): void {
  if (reader.wireType() === 1) add(into, reader.double())
  else for (const [bytes, at] of eights(reader)) add(into, bytes.readDoubleLE(at))
}

export function varintList(reader: ProtoReader, into: bigint[]): void {
  if (reader.wireType() === 0) {
    add(into, reader.varint())
    return
  }
  let value = 0n
  let shift = 0n
  for (const byte of reader.bytes()) {
    value |= BigInt(byte & 0x7f) << shift
    shift += 7n
    if (byte < 0x80) {
      add(into, BigInt.asUintN(64, value))
      value = 0n
      shift = 0n
    } else if (shift >= 70n) throw new WireError('a list holds a varint longer than ten bytes')
  }
  if (shift > 0n) throw new WireError('a list of varints ends in the middle of one')
}

/** sint32, of which only the low 32 bits of its varint count. */
export function zigzag(value: bigint): number {
  const bits = Number(BigInt.asUintN(32, value))
  return (bits >>> 1) ^ -(bits & 1)
}

function add<T>(into: T[], value: T): void {
  if (into.length >= listMax) throw new WireError(`a list holds more than ${listMax} numbers`)
  into.push(value)
}

function* eights(reader: ProtoReader): Generator<readonly [bytes: Buffer, at: number]> {
  const bytes = reader.bytes()
  if (bytes.length % 8 !== 0) throw new WireError('a list of eight-byte numbers ends in the middle of one')
  for (let at = 0; at < bytes.length; at += 8) yield [bytes, at]
}
