import { attributesMax, nestingMax, piecesMax } from './limits.ts'
import { readProto, WireError } from './proto-reader.ts'

export type Plain = string | number | boolean | bigint | null | Plain[] | Map<string, Plain>

/** An AnyValue as the text that is stored: scalars as they print, arrays, maps and bytes (base64) as JSON. */
export function anyValueText(bytes: Uint8Array): string {
  return plainText(readAnyValue(bytes))
}

export function plainText(plain: Plain): string {
  if (plain === null) return ''
  if (typeof plain === 'string') return plain
  if (typeof plain === 'object') return toJson(plain)
  return String(plain)
}

/** Reads `KeyValue` and puts it into the map; the last of equal keys wins. False: the map is full, nothing was read. */
export function readKeyValue(bytes: Uint8Array, into: Map<string, string>): boolean {
  if (into.size >= attributesMax) return false
  const reader = readProto(bytes)
  let key = ''
  let value: Plain = null
  while (reader.next()) {
    if (reader.field() === 1) key = reader.text()
    else if (reader.field() === 2) value = readAnyValue(reader.bytes(), value)
  }
  into.set(key, plainText(value))
  return true
}

/** Resources, scopes, events, links, log records and data points have no column for this rare count. */
export function keepDropped(attributes: Map<string, string>, dropped: number): void {
  if (dropped > 0) attributes.set('otel.dropped_attributes_count', String(dropped))
}

/** A sub-message that comes in several pieces is one: its pieces one after the other. `pieces`: how many they are now. */
export function merged(before: Uint8Array, piece: Uint8Array, pieces: number): Uint8Array {
  if (pieces > piecesMax) throw new WireError(`a message comes in more than ${piecesMax} pieces`)
  return before.length === 0 ? piece : Buffer.concat([before, piece])
}

/** `before`: what earlier pieces of the same value said; arrays and maps go on, anything else is replaced. */
export function readAnyValue(bytes: Uint8Array, before: Plain = null, depth = 0): Plain {
  if (depth > nestingMax) throw new WireError(`values are nested deeper than ${nestingMax}`)
  const reader = readProto(bytes)
  let value = before
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
        value = readArray(reader.bytes(), depth, Array.isArray(value) ? value : [])
        break
      case 6:
        value = readMap(reader.bytes(), depth, value instanceof Map ? value : new Map())
        break
      case 7:
        value = Buffer.from(reader.bytes()).toString('base64')
        break
    }
  }
  return value
}

function readArray(bytes: Uint8Array, depth: number, values: Plain[]): Plain[] {
  const reader = readProto(bytes)
  while (reader.next()) if (reader.field() === 1) values.push(readAnyValue(reader.bytes(), null, depth + 1))
  return values
}

function readMap(bytes: Uint8Array, depth: number, map: Map<string, Plain>): Map<string, Plain> {
  const reader = readProto(bytes)
  while (reader.next()) {
    if (reader.field() !== 1) continue
    const entry = readProto(reader.bytes())
    let key = ''
    let value: Plain = null
    while (entry.next()) {
      if (entry.field() === 1) key = entry.text()
      else if (entry.field() === 2) value = readAnyValue(entry.bytes(), value, depth + 1)
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
