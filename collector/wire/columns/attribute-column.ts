import { anyValueText } from '../any-value.ts'
import { attributesMax } from '../limits.ts'
import { WireError } from '../proto-reader.ts'
import type { ByteBuffer } from './byte-buffer.ts'
import { type Cursor, declined } from './cursor.ts'
import type { MapColumn } from './map-column.ts'
import type { StringColumn } from './string-column.ts'

/** Keys whose values the caller wants: `slot` numbers its place, of equal slots the lowest rank with a value wins. */
export interface WantedKey {
  readonly key: string
  readonly slot: number
  readonly rank: number
}

const noRank = 0xff

/**
 * Attributes (repeated KeyValue) of one item after the other straight into a map column. The keys of items mostly follow
 * each other as they did in the item before, so a key is first compared with the one that came next last time, and hashed
 * only when it differs.
 *
 * Values of wanted keys are remembered by where they stand in the values' bytes (`slotStart`, `slotEnd`), for columns of
 * their own. A key that comes twice in an item, and more keys than the limit, are declined.
 */
export class AttributeColumn {
  readonly map: MapColumn
  readonly #wanted: ReadonlyMap<string, WantedKey>
  readonly slotStart: Int32Array
  readonly slotEnd: Int32Array
  readonly #slotRank: Uint8Array
  readonly #slots: number
  /** Of the pairs of this row. */
  #count = 0
  #rowKeys = 0
  #rowValueBytes = 0
  #filled = false
  /** By code of a key: the row that had it last, what the caller wants of it, and which key came next last time. */
  #stamps = new Uint32Array(64)
  #slotOf = new Uint8Array(64)
  #rankOf = new Uint8Array(64)
  #next = new Uint32Array(64)
  #known = 0
  #epoch = 0
  #stamp = 0
  #previous = 0

  constructor(map: MapColumn, wanted: readonly WantedKey[] = []) {
    this.map = map
    this.#wanted = new Map(wanted.map((one) => [one.key, one]))
    this.#slots = Math.max(0, ...wanted.map(({ slot }) => slot + 1))
    this.slotStart = new Int32Array(this.#slots)
    this.slotEnd = new Int32Array(this.#slots)
    this.#slotRank = new Uint8Array(this.#slots).fill(noRank)
  }

  /** Before the first pair of a row. */
  beginRow(): void {
    const { map } = this
    this.#count = 0
    this.#rowKeys = map.keys.rows
    this.#rowValueBytes = map.values.data.length
    this.#stamp++
    this.#previous = 0
    if (map.keys.epoch !== this.#epoch) this.#forget()
    if (this.#filled) {
      for (let slot = 0; slot < this.#slots; slot++) {
        this.slotStart[slot] = 0
        this.slotEnd[slot] = 0
        this.#slotRank[slot] = noRank
      }
      this.#filled = false
    }
  }

  /** Takes the pairs of the row back. */
  cutRow(): void {
    this.map.cutPairs(this.#rowKeys, this.#rowValueBytes)
  }

  /** Reads one KeyValue that ends at `end`; the cursor is left there. */
  read(cursor: Cursor, end: number): void {
    const { bytes } = cursor
    const outer = cursor.end
    cursor.end = end
    let code = 0
    if (cursor.at < end) {
      if (bytes[cursor.at] !== keyTag) throw declined
      cursor.at++
      const keyEnd = cursor.length() + cursor.at
      code = this.#codeOf(bytes, cursor.at, keyEnd)
      cursor.at = keyEnd
    }
    const slot = this.#take(code)
    const { data } = this.map.values
    const before = data.length
    this.map.values.rows++
    if (cursor.at < end) {
      if (bytes[cursor.at] !== valueTag) throw declined
      cursor.at++
      if (cursor.length() + cursor.at !== end) throw declined
      writeAnyValue(cursor, end, this.map.values)
    } else writeEmpty(data)
    if (slot !== 0) this.#remember(slot - 1, code, before)
    cursor.end = outer
  }

  /** A pair that no KeyValue says. */
  add(key: string, value: string): void {
    this.#take(this.map.keys.codeOfText(key))
    this.map.values.appendText(value)
  }

  /** Whether the slot has a value; an empty one counts as none. */
  has(slot: number): boolean {
    return this.slotEnd[slot] !== this.slotStart[slot]
  }

  /** The value of a key in the row that is being read; undefined: the row has no such key. */
  get(key: string): string | undefined {
    const { keys, values } = this.map
    const code = keys.codeOfText(key)
    if (code >= this.#known || this.#stamps[code] !== this.#stamp) return undefined
    const { bytes } = values.data
    let at = this.#rowValueBytes
    for (let pair = this.#rowKeys; ; pair++) {
      let length = 0
      let shift = 0
      let byte = 0
      do {
        byte = bytes[at++] as number
        length |= (byte & 0x7f) << shift
        shift += 7
      } while (byte >= 0x80)
      if (keys.codes[pair] === code) return bytes.toString('utf8', at, at + length)
      at += length
    }
  }

  #codeOf(bytes: Buffer, start: number, end: number): number {
    const { keys } = this.map
    const guess = this.#next[this.#previous] as number
    if (guess < keys.words && keys.is(guess, bytes, start, end)) return guess
    return keys.codeOf(bytes, start, end)
  }

  /** Appends the key; the slot that wants it, plus one. */
  #take(code: number): number {
    if (++this.#count > attributesMax) throw declined
    if (code >= this.#known) this.#learn()
    if (this.#stamps[code] === this.#stamp) throw declined
    this.#stamps[code] = this.#stamp
    this.#next[this.#previous] = code
    this.#previous = code
    this.map.keys.push(code)
    return this.#slotOf[code] as number
  }

  #remember(slot: number, code: number, before: number): void {
    const { bytes, length } = this.map.values.data
    let start = before
    while ((bytes[start] as number) >= 0x80) start++
    start++
    const rank = this.#rankOf[code] as number
    if (start === length || rank >= (this.#slotRank[slot] as number)) return
    this.#slotRank[slot] = rank
    this.slotStart[slot] = start
    this.slotEnd[slot] = length
    this.#filled = true
  }

  /** Looks new keys up, once each. */
  #learn(): void {
    const { keys } = this.map
    if (keys.words > this.#stamps.length) this.#growTo(keys.words * 2)
    for (; this.#known < keys.words; this.#known++) {
      const wanted = this.#wanted.get(keys.textOf(this.#known))
      this.#slotOf[this.#known] = wanted ? wanted.slot + 1 : 0
      this.#rankOf[this.#known] = wanted?.rank ?? noRank
      this.#stamps[this.#known] = 0
      this.#next[this.#known] = 0
    }
  }

  #growTo(size: number): void {
    this.#stamps = copied(new Uint32Array(size), this.#stamps)
    this.#next = copied(new Uint32Array(size), this.#next)
    this.#slotOf = copied(new Uint8Array(size), this.#slotOf)
    this.#rankOf = copied(new Uint8Array(size), this.#rankOf)
  }

  /** The block was begun anew: its codes mean other keys. */
  #forget(): void {
    this.#epoch = this.map.keys.epoch
    this.#known = 0
    this.#learn()
  }
}

const keyTag = 0x0a
const valueTag = 0x12

function copied<T extends Uint32Array | Uint8Array>(larger: T, values: T): T {
  larger.set(values)
  return larger
}

/**
 * The text of an AnyValue that ends at `end`, as `anyValueText` makes it; the cursor is left there. The caller has counted
 * the row.
 */
export function writeAnyValue(cursor: Cursor, end: number, values: StringColumn): void {
  const { bytes } = cursor
  if (cursor.at === end) {
    writeEmpty(values.data)
    return
  }
  const start = cursor.at++
  switch (bytes[start]) {
    case 0x0a: {
      if (cursor.length() + cursor.at !== end) throw declined
      values.rows--
      values.appendBytes(bytes, cursor.at, end)
      cursor.at = end
      return
    }
    case 0x10:
      cursor.varint64()
      if (cursor.at !== end) throw declined
      values.data.text(cursor.low !== 0 || cursor.high !== 0 ? 'true' : 'false')
      return
    case 0x18:
      cursor.varint64()
      if (cursor.at !== end) throw declined
      writeInteger(values.data, cursor.low, cursor.high)
      return
    case 0x21:
      if (cursor.at + 8 !== end) throw declined
      values.data.text(String(bytes.readDoubleLE(cursor.at)))
      cursor.at = end
      return
    default:
      values.data.text(textOf(bytes.subarray(start, end)))
      cursor.at = end
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return anyValueText(bytes)
  } catch (error) {
    if (error instanceof WireError) throw declined
    throw error
  }
}

function writeEmpty(data: ByteBuffer): void {
  data.room(1)
  data.bytes[data.length++] = 0
}

/** A signed 64-bit number in decimal, behind its length. */
function writeInteger(data: ByteBuffer, low: number, high: number): void {
  // From 2^53 on, and below zero, a double is not exact.
  if (high > 0x1f_ff_ff) {
    data.text(String(BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low))))
    return
  }
  let rest = high * 0x1_0000_0000 + low
  let digits = 1
  for (let power = 10; rest >= power; power *= 10) digits++
  data.room(digits + 1)
  const { bytes, length } = data
  bytes[length] = digits
  let at = length + digits
  for (; rest > 0x7f_ff_ff_ff; at--) {
    bytes[at] = 0x30 + (rest % 10)
    rest = Math.floor(rest / 10)
  }
  for (let small = rest | 0; at > length; at--) {
    bytes[at] = 0x30 + (small % 10)
    small = (small / 10) | 0
  }
  data.length = length + 1 + digits
}
