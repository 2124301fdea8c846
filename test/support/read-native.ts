import type { AnyTable } from '../../collector/record/table.ts'
import { assert } from '../../collector/std/assert.ts'

type Values = unknown[]
type ReadColumn = (cursor: Cursor, rows: number) => Values

/**
 * Blocks of ClickHouse's Native format back to rows, values as record/table.ts describes them: the tests' judge of what a
 * decoder wrote, independent of the writer. With a table, columns that a block lacks are empty (https://clickhouse.com/docs/interfaces/formats/Native).
 */
export function readNative(bytes: Uint8Array, table?: AnyTable): Record<string, unknown>[] {
  const cursor = new Cursor(bytes)
  const rows: Record<string, unknown>[] = []
  while (!cursor.atEnd()) rows.push(...readBlock(cursor))
  const types = Object.entries((table?.columns ?? {}) as Readonly<Record<string, { readonly type: string }>>)
  return rows.map((row) => ({
    ...Object.fromEntries(types.map(([name, { type }]) => [name, emptyOf(type)])),
    ...row,
  }))
}

/** What ClickHouse puts into a column that a block lacks. */
function emptyOf(type: string): unknown {
  if (type.startsWith('Array(')) return []
  return type.startsWith('Map(') ? new Map() : ''
}

function readBlock(cursor: Cursor): Record<string, unknown>[] {
  const columns = cursor.varint()
  const count = cursor.varint()
  const rows: Record<string, unknown>[] = Array.from({ length: count }, () => ({}))
  for (let column = 0; column < columns; column++) {
    const name = cursor.text()
    const { prefix, data } = readerOf(cursor.text().replaceAll(", 'UTC')", ')'))
    prefix(cursor)
    const values = data(cursor, count)
    for (let row = 0; row < count; row++) (rows[row] as Record<string, unknown>)[name] = values[row]
  }
  return rows
}

class Cursor {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  atEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  take(count: number): Buffer {
    assert(this.#at + count <= this.#bytes.length, 'a block ends early')
    this.#at += count
    return this.#bytes.subarray(this.#at - count, this.#at)
  }

  varint(): number {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = this.take(1)[0] ?? 0
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
  }

  text(): string {
    return this.take(this.varint()).toString('utf8')
  }

  uint64(): number {
    return Number(this.take(8).readBigUInt64LE())
  }
}

interface Reader {
  readonly prefix: (cursor: Cursor) => void
  readonly data: ReadColumn
}

const readers = new Map<string, Reader>()

function readerOf(type: string): Reader {
  const known = readers.get(type)
  if (known) return known
  const made = makeReader(type)
  readers.set(type, made)
  return made
}

const noPrefix = () => {}

const fixed =
  (width: number, read: (bytes: Buffer, at: number) => unknown): ReadColumn =>
  (cursor, rows) => {
    const bytes = cursor.take(rows * width)
    return Array.from({ length: rows }, (_, row) => read(bytes, row * width))
  }

const scalars: Readonly<Record<string, ReadColumn>> = {
  String: (cursor, rows) => Array.from({ length: rows }, () => cursor.text()),
  Bool: fixed(1, (bytes, at) => bytes[at] === 1),
  UInt8: fixed(1, (bytes, at) => bytes.readUInt8(at)),
  UInt16: fixed(2, (bytes, at) => bytes.readUInt16LE(at)),
  UInt32: fixed(4, (bytes, at) => bytes.readUInt32LE(at)),
  Int32: fixed(4, (bytes, at) => bytes.readInt32LE(at)),
  UInt64: fixed(8, (bytes, at) => bytes.readBigUInt64LE(at)),
  Int64: fixed(8, (bytes, at) => bytes.readBigInt64LE(at)),
  Float64: fixed(8, (bytes, at) => bytes.readDoubleLE(at)),
  'DateTime64(3)': fixed(8, (bytes, at) => Number(bytes.readBigInt64LE(at))),
  'DateTime64(9)': fixed(8, (bytes, at) => bytes.readBigInt64LE(at)),
}

function makeReader(type: string): Reader {
  const scalar = scalars[type]
  if (scalar) return { prefix: noPrefix, data: scalar }
  const [, outer, inner = ''] = /^(\w+)\((.*)\)$/.exec(type) ?? []
  switch (outer) {
    case 'FixedString': {
      const width = Number(inner)
      return { prefix: noPrefix, data: fixed(width, (bytes, at) => bytes.subarray(at, at + width)) }
    }
    case 'Enum8':
      return { prefix: noPrefix, data: enumReader(inner) }
    case 'LowCardinality':
      assert(inner === 'String', type)
      return { prefix: (cursor) => assert(cursor.uint64() === 1, 'keys of one block'), data: readWords }
    case 'Array': {
      const items = readerOf(inner)
      return { prefix: items.prefix, data: (cursor, rows) => readLists(cursor, rows, items.data) }
    }
    case 'Map':
      return mapReader(inner)
    default:
      throw new Error(`no Native reader for ${type}`)
  }
}

function enumReader(inner: string): ReadColumn {
  const names = new Map(
    [...inner.matchAll(/'([^']*)' = (-?\d+)/g)].map(([, name, code]) => [Number(code), name]),
  )
  return fixed(1, (bytes, at) => names.get(bytes.readInt8(at)))
}

function readLists(cursor: Cursor, rows: number, readItems: ReadColumn): Values[] {
  const ends = Array.from({ length: rows }, () => cursor.uint64())
  const items = readItems(cursor, ends.at(-1) ?? 0)
  return ends.map((end, row) => items.slice(row === 0 ? 0 : ends[row - 1], end))
}

function mapReader(inner: string): Reader {
  const comma = inner.lastIndexOf(', ')
  const keys = readerOf(inner.slice(0, comma))
  const values = readerOf(inner.slice(comma + 2))
  return {
    prefix(cursor) {
      keys.prefix(cursor)
      values.prefix(cursor)
    },
    data(cursor, rows) {
      const ends = Array.from({ length: rows }, () => cursor.uint64())
      const count = ends.at(-1) ?? 0
      const allKeys = keys.data(cursor, count)
      const allValues = values.data(cursor, count)
      return ends.map((end, row) => mapOf(allKeys, allValues, row === 0 ? 0 : (ends[row - 1] ?? 0), end))
    },
  }
}

/** ClickHouse would keep both of two equal keys. */
function mapOf(keys: Values, values: Values, start: number, end: number): Map<unknown, unknown> {
  const map = new Map<unknown, unknown>()
  for (let at = start; at < end; at++) {
    assert(!map.has(keys[at]), `a map holds the key ${String(keys[at])} twice`)
    map.set(keys[at], values[at])
  }
  return map
}

/** Flags of a part: the type of its codes, keys of its own. */
const codeTypeMask = 0xff
const hasKeys = 0x200

function readWords(cursor: Cursor, rows: number): Values {
  if (rows === 0) return []
  const flags = cursor.uint64()
  assert((flags & hasKeys) !== 0, 'a part with keys')
  const words = Array.from({ length: cursor.uint64() }, () => cursor.text())
  assert(new Set(words).size === words.length, 'no word twice')
  assert(cursor.uint64() === rows, 'a code for each row')
  const width = 1 << (flags & codeTypeMask)
  const codes = cursor.take(rows * width)
  return Array.from({ length: rows }, (_, row) => {
    const code = codes.readUIntLE(row * width, width)
    assert(code < words.length, 'a code of a word')
    return words[code]
  })
}
