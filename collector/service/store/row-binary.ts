import type { AnyTable, RowOf } from '../../record/table.ts'

/**
 * ClickHouse's RowBinary: values one after the other, little-endian, strings and arrays with a varint length, in the order
 * of the table description's columns (ClickHouse docs, "RowBinary").
 */
export function encodeRowBinary<T extends AnyTable>(table: T, rows: readonly RowOf<T>[]): Uint8Array {
  const writers = Object.entries(table.columns as Record<string, { type: string }>).map(
    ([name, { type }]) => [name, writerOf(type)] as const,
  )
  const out = createOutput()
  for (const row of rows as readonly Record<string, unknown>[])
    for (const [name, write] of writers) write(out, row[name])
  return out.bytes()
}

interface Output {
  varint(value: number): void
  text(value: string): void
  raw(value: Uint8Array): void
  view(bytes: number): { readonly view: DataView; readonly at: number }
  bytes(): Uint8Array
}

type Write = (out: Output, value: unknown) => void

const scalars: Record<string, Write> = {
  String: (out, value) => out.text(value as string),
  Bool: (out, value) => put(out, 1, (view, at) => view.setUint8(at, value ? 1 : 0)),
  UInt8: (out, value) => put(out, 1, (view, at) => view.setUint8(at, value as number)),
  UInt16: (out, value) => put(out, 2, (view, at) => view.setUint16(at, value as number, true)),
  UInt32: (out, value) => put(out, 4, (view, at) => view.setUint32(at, value as number, true)),
  UInt64: (out, value) => put(out, 8, (view, at) => view.setBigUint64(at, value as bigint, true)),
  Int32: (out, value) => put(out, 4, (view, at) => view.setInt32(at, value as number, true)),
  Int64: (out, value) => put(out, 8, (view, at) => view.setBigInt64(at, value as bigint, true)),
  Float64: (out, value) => put(out, 8, (view, at) => view.setFloat64(at, value as number, true)),
  'DateTime64(3)': (out, value) =>
    put(out, 8, (view, at) => view.setBigInt64(at, BigInt(Math.round(value as number)), true)),
  'DateTime64(9)': (out, value) => put(out, 8, (view, at) => view.setBigInt64(at, value as bigint, true)),
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
      const split = inner.lastIndexOf(', ')
      return mapWriter(writerOf(inner.slice(0, split)), writerOf(inner.slice(split + 2)))
    }
    default:
      throw new Error(`BUG: no RowBinary writer for ${type}`)
  }
}

const fixedWriter =
  (length: number): Write =>
  (out, value) => {
    const bytes = value as Uint8Array
    if (bytes.length !== length) throw new Error(`BUG: ${bytes.length} bytes for FixedString(${length})`)
    out.raw(bytes)
  }

const arrayWriter =
  (write: Write): Write =>
  (out, value) => {
    const items = value as readonly unknown[]
    out.varint(items.length)
    for (const item of items) write(out, item)
  }

const mapWriter =
  (writeKey: Write, writeValue: Write): Write =>
  (out, value) => {
    const map = value as ReadonlyMap<unknown, unknown>
    out.varint(map.size)
    for (const [key, one] of map) {
      writeKey(out, key)
      writeValue(out, one)
    }
  }

function put(out: Output, bytes: number, set: (view: DataView, at: number) => void): void {
  const { view, at } = out.view(bytes)
  set(view, at)
}

function createOutput(): Output {
  let buffer = Buffer.allocUnsafe(64 * 1024)
  let view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length)
  let length = 0
  const room = (bytes: number) => {
    if (length + bytes <= buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(buffer.length * 2, length + bytes))
    buffer.copy(larger, 0, 0, length)
    buffer = larger
    view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length)
  }
  const varint = (value: number) => {
    room(10)
    let rest = value
    while (rest >= 0x80) {
      buffer[length++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    buffer[length++] = rest
  }
  return {
    varint,
    text(value) {
      const bytes = Buffer.byteLength(value)
      varint(bytes)
      room(bytes)
      buffer.write(value, length)
      length += bytes
    },
    raw(value) {
      room(value.length)
      buffer.set(value, length)
      length += value.length
    },
    view(bytes) {
      room(bytes)
      const at = length
      length += bytes
      return { view, at }
    },
    bytes: () => buffer.subarray(0, length),
  }
}
