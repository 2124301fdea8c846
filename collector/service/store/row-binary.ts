import type { AnyTable, RowOf } from '../../record/table.ts'

/**
 * ClickHouse's RowBinary: values one after the other, little-endian, strings and arrays with a varint length, in the order
 * of the table description's columns (https://clickhouse.com/docs/interfaces/formats/RowBinary).
 * Throws an UnencodableValue for a value that its column cannot hold: ClickHouse would store another one without a word.
 */
export function encodeRowBinary<T extends AnyTable>(table: T, rows: readonly RowOf<T>[]): Uint8Array {
  const columns = Object.entries(table.columns as Record<string, { type: string }>)
  const names = columns.map(([name]) => name)
  const writers = columns.map(([, { type }]) => writerOf(type))
  const out = createOutput()
  let at = 0
  try {
    for (const row of rows as readonly Record<string, unknown>[])
      for (at = 0; at < writers.length; at++) writers[at]?.(out, row[names[at] ?? ''])
  } catch (error) {
    throw new UnencodableValue(`cannot encode ${table.name}.${names[at]}`, { cause: error })
  }
  return out.buffer.subarray(0, out.length)
}

export class UnencodableValue extends Error {}

interface Output {
  buffer: Buffer
  view: DataView
  length: number
}

type Write = (out: Output, value: unknown) => void

const scalars: Record<string, Write> = {
  String: (out, value) => writeText(out, value as string),
  Bool: (out, value) => {
    room(out, 1)
    out.buffer[out.length++] = value ? 1 : 0
  },
  UInt8: integer('UInt8', 1, 0, 2 ** 8 - 1, (view, at, value) => view.setUint8(at, value)),
  UInt16: integer('UInt16', 2, 0, 2 ** 16 - 1, (view, at, value) => view.setUint16(at, value, true)),
  UInt32: integer('UInt32', 4, 0, 2 ** 32 - 1, (view, at, value) => view.setUint32(at, value, true)),
  Int8: integer('Int8', 1, -(2 ** 7), 2 ** 7 - 1, (view, at, value) => view.setInt8(at, value)),
  Int16: integer('Int16', 2, -(2 ** 15), 2 ** 15 - 1, (view, at, value) => view.setInt16(at, value, true)),
  Int32: integer('Int32', 4, -(2 ** 31), 2 ** 31 - 1, (view, at, value) => view.setInt32(at, value, true)),
  UInt64: (out, value) => writeBigInt(out, value, 0n, 2n ** 64n - 1n),
  Int64: (out, value) => writeBigInt(out, value, -(2n ** 63n), 2n ** 63n - 1n),
  Float64: (out, value) => {
    if (typeof value !== 'number') throw new RangeError(`${describe(value)} is not a Float64`)
    room(out, 8)
    out.view.setFloat64(out.length, value, true)
    out.length += 8
  },
  'DateTime64(3)': (out, value) => {
    if (!Number.isFinite(value)) throw new RangeError(`${describe(value)} is not a time in ms`)
    writeBigInt(out, BigInt(Math.floor(value as number)), -(2n ** 63n), 2n ** 63n - 1n)
  },
  'DateTime64(9)': (out, value) => writeBigInt(out, value, -(2n ** 63n), 2n ** 63n - 1n),
}

function writerOf(type: string): Write {
  const scalar = scalars[type]
  if (scalar) return scalar
  const [, outer, inner = ''] = /^(\w+)\((.*)\)$/.exec(type) ?? []
  switch (outer) {
    case 'LowCardinality':
      return writerOf(inner)
    case 'FixedString':
      return fixedWriter(Number(inner))
    case 'Array':
      return arrayWriter(writerOf(inner))
    case 'Map': {
      const comma = topLevelComma(inner)
      return mapWriter(writerOf(inner.slice(0, comma)), writerOf(inner.slice(comma + 1).trim()))
    }
    case 'Enum8':
    case 'Enum16':
      return enumWriter(writerOf(outer === 'Enum8' ? 'Int8' : 'Int16'), inner)
    default:
      throw new Error(`BUG: no RowBinary writer for ${type}`)
  }
}

/** Where the key's type ends: types may be nested, `Map(LowCardinality(String), Map(String, String))`. */
function topLevelComma(types: string): number {
  let depth = 0
  for (let at = 0; at < types.length; at++) {
    const character = types[at]
    if (character === '(') depth++
    else if (character === ')') depth--
    else if (character === ',' && depth === 0) return at
  }
  throw new Error(`BUG: no key and value type in ${types}`)
}

function integer(
  name: string,
  bytes: number,
  min: number,
  max: number,
  set: (view: DataView, at: number, value: number) => void,
): Write {
  return (out, value) => {
    if (!Number.isInteger(value) || (value as number) < min || (value as number) > max)
      throw new RangeError(`${describe(value)} is not a ${name}`)
    room(out, bytes)
    set(out.view, out.length, value as number)
    out.length += bytes
  }
}

function writeBigInt(out: Output, value: unknown, min: bigint, max: bigint): void {
  if (typeof value !== 'bigint' || value < min || value > max)
    throw new RangeError(`${describe(value)} is not between ${min} and ${max}`)
  room(out, 8)
  if (value < 0n) out.view.setBigInt64(out.length, value, true)
  else out.view.setBigUint64(out.length, value, true)
  out.length += 8
}

const fixedWriter =
  (length: number): Write =>
  (out, value) => {
    const bytes = value as Uint8Array
    if (bytes?.length !== length) throw new RangeError(`${bytes?.length} bytes for FixedString(${length})`)
    room(out, length)
    // Ids are 8 and 16 bytes long: a loop beats `set` there.
    for (let at = 0; at < length; at++) out.buffer[out.length + at] = bytes[at] ?? 0
    out.length += length
  }

const arrayWriter =
  (write: Write): Write =>
  (out, value) => {
    const items = value as readonly unknown[]
    writeVarint(out, items.length)
    for (const item of items) write(out, item)
  }

const mapWriter =
  (writeKey: Write, writeValue: Write): Write =>
  (out, value) => {
    const map = value as ReadonlyMap<unknown, unknown>
    writeVarint(out, map.size)
    for (const [key, one] of map) {
      writeKey(out, key)
      writeValue(out, one)
    }
  }

function enumWriter(write: Write, members: string): Write {
  const numbers = new Map(
    [...members.matchAll(/'((?:[^'\\]|\\.)*)'\s*=\s*(-?\d+)/g)].map(
      ([, name = '', number]) => [name.replace(/\\(.)/g, '$1'), Number(number)] as const,
    ),
  )
  return (out, value) => {
    const number = numbers.get(value as string)
    if (number === undefined) throw new RangeError(`${describe(value)} is not one of ${members}`)
    write(out, number)
  }
}

/** Up to this many characters a loop over ASCII beats the call into the runtime's UTF-8 encoder. */
const loopedCharactersMax = 40

function writeText(out: Output, text: string): void {
  const characters = text.length
  if (characters <= loopedCharactersMax) {
    room(out, 1 + characters)
    const { buffer, length } = out
    let at = 0
    for (; at < characters; at++) {
      const code = text.charCodeAt(at)
      if (code >= 0x80) break
      buffer[length + 1 + at] = code
    }
    if (at === characters) {
      buffer[length] = characters
      out.length = length + 1 + characters
      return
    }
  }
  const bytes = Buffer.byteLength(text)
  writeVarint(out, bytes)
  room(out, bytes)
  out.buffer.write(text, out.length)
  out.length += bytes
}

function writeVarint(out: Output, value: number): void {
  room(out, 10)
  let rest = value
  while (rest >= 0x80) {
    out.buffer[out.length++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  out.buffer[out.length++] = rest
}

const firstBytes = 64 * 1024

function createOutput(): Output {
  const buffer = Buffer.allocUnsafe(firstBytes)
  return { buffer, view: new DataView(buffer.buffer, buffer.byteOffset, buffer.length), length: 0 }
}

function room(out: Output, bytes: number): void {
  if (out.length + bytes <= out.buffer.length) return
  const larger = Buffer.allocUnsafe(Math.max(out.buffer.length * 2, out.length + bytes))
  out.buffer.copy(larger, 0, 0, out.length)
  out.buffer = larger
  out.view = new DataView(larger.buffer, larger.byteOffset, larger.length)
}

const describe = (value: unknown) => (typeof value === 'string' ? JSON.stringify(value) : String(value))
