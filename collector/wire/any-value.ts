import { nestingMax } from './json-to-protobuf.ts'
import { readProto, WireError } from './proto-reader.ts'

type Plain = string | number | boolean | bigint | null | Plain[] | Map<string, Plain>

/** An AnyValue as the text that is stored: scalars as they print, arrays, maps and bytes (base64) as JSON. */
export function anyValueText(bytes: Uint8Array): string {
  const plain = readAnyValue(bytes, 0)
  if (plain === null) return ''
  if (typeof plain === 'string') return plain
  if (typeof plain === 'object') return toJson(plain)
  return String(plain)
}

/** Reads `KeyValue` and puts it into the map; the last of equal keys wins. */
export function readKeyValue(bytes: Uint8Array, into: Map<string, string>): void {
  const reader = readProto(bytes)
  let key = ''
  let value = ''
  while (reader.next()) {
    if (reader.field() === 1) key = reader.text()
    else if (reader.field() === 2) value = anyValueText(reader.bytes())
  }
  into.set(key, value)
}

function readAnyValue(bytes: Uint8Array, depth: number): Plain {
  if (depth > nestingMax) throw new WireError(`values are nested deeper than ${nestingMax}`)
  const reader = readProto(bytes)
  let value: Plain = null
  while (reader.next()) {
    switch (reader.field()) {
      case 1:
        value = reader.text()
        break
      case 2:
        value = reader.varint() !== 0n
        break
      case 3:
        value = BigInt.asIntN(64, reader.varint())
        break
      case 4:
        value = reader.double()
        break
      case 5:
        value = readArray(reader.bytes(), depth)
        break
      case 6:
        value = readMap(reader.bytes(), depth)
        break
      case 7:
        value = Buffer.from(reader.bytes()).toString('base64')
        break
    }
  }
  return value
}

function readArray(bytes: Uint8Array, depth: number): Plain[] {
  const reader = readProto(bytes)
  const values: Plain[] = []
  while (reader.next()) if (reader.field() === 1) values.push(readAnyValue(reader.bytes(), depth + 1))
  return values
}

function readMap(bytes: Uint8Array, depth: number): Map<string, Plain> {
  const reader = readProto(bytes)
  const map = new Map<string, Plain>()
  while (reader.next()) {
    if (reader.field() !== 1) continue
    const entry = readProto(reader.bytes())
    let key = ''
    let value: Plain = null
    while (entry.next()) {
      if (entry.field() === 1) key = entry.text()
      else if (entry.field() === 2) value = readAnyValue(entry.bytes(), depth + 1)
    }
    map.set(key, value)
  }
  return map
}

function toJson(plain: Plain): string {
  if (plain === null) return 'null'
  if (Array.isArray(plain)) return `[${plain.map(toJson).join(',')}]`
  if (plain instanceof Map) {
    return `{${[...plain].map(([key, value]) => `${JSON.stringify(key)}:${toJson(value)}`).join(',')}}`
  }
  if (typeof plain === 'bigint') return String(plain)
  if (typeof plain === 'number') return Number.isFinite(plain) ? String(plain) : JSON.stringify(String(plain))
  return JSON.stringify(plain)
}
