import { listMax } from '../limits.ts'
import { type Cursor, declined } from './cursor.ts'
import type { FixedColumn } from './fixed-column.ts'

/** Where an id stands; -1: what is there has another length, and is none. */
export function idAt(cursor: Cursor, length: number): number {
  const found = cursor.length()
  const at = cursor.at
  cursor.at += found
  return found === length ? at : -1
}

/** The place of eight bytes. */
export function eightAt(cursor: Cursor): number {
  const { at } = cursor
  if (at + 8 > cursor.end) throw declined
  cursor.at = at + 8
  return at
}

/** Fields up to `known` are ours: what came here of them has another wire type, or is none that we know. */
export function skipUnknown(cursor: Cursor, tag: number, known: number): void {
  if (tag >>> 3 <= known) throw declined
  cursor.skip(tag)
}

/** Numbers of eight bytes, packed or one, straight into a list; how many the list has now. */
export function eights(cursor: Cursor, tag: number, into: FixedColumn, before: number): number {
  const length = (tag & 7) === 1 ? 8 : cursor.length()
  if (length % 8 !== 0 || cursor.at + length > cursor.end) throw declined
  const count = before + length / 8
  if (count > listMax) throw declined
  into.data.add(cursor.bytes, cursor.at, cursor.at + length)
  cursor.at += length
  return count
}

export function copyOr0(column: FixedColumn, bytes: Buffer, at: number): void {
  if (at < 0) column.fill(0)
  else column.copy(bytes, at)
}

/** A double as it is, or a signed integer as the double next to it. */
export function appendNumber(column: FixedColumn, bytes: Buffer, at: number, isInteger: boolean): void {
  if (at < 0 || !isInteger) {
    copyOr0(column, bytes, at)
    return
  }
  const { data } = column
  data.room(8)
  data.length = data.bytes.writeDoubleLE(
    bytes.readInt32LE(at + 4) * 0x1_0000_0000 + bytes.readUInt32LE(at),
    data.length,
  )
}

/** Whole milliseconds of a believable time in ns: with 2^32 = 4294 · 10^6 + 967296 no step is beyond 2^53. */
export function msOf(low: number, high: number): number {
  return high * 4_294 + Math.floor((high * 967_296 + low) / 1_000_000)
}

export function appendMs(column: FixedColumn, ms: number): void {
  column.halves(ms % 0x1_0000_0000, Math.floor(ms / 0x1_0000_0000))
}

/** Whether an id is all zeros: none. */
export function isZero(bytes: Buffer, start: number, count: number): boolean {
  for (let at = start; at < start + count; at++) if (bytes[at] !== 0) return false
  return true
}
