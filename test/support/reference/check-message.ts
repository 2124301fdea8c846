import type { DescField, DescMessage } from '@bufbuild/protobuf'
import { ScalarType } from '@bufbuild/protobuf'

/** Bytes that are no such message. */
export class Damaged extends Error {}

export const groupDepthMax = 64
/** AnyValue inside AnyValue. */
export const valueDepthMax = 64
/** Numbers in a list, exemplars and quantiles of a data point. */
const listMax = 65_536
const exemplarsMax = 4_096

/**
 * The strict half of the reference: the protobuf library takes a field's wire type on trust, lets a sub-message read beyond its
 * end and nests as deep as the stack goes. This pass throws Damaged for what an item is rejected for: tags beyond 32 bits or of field 0, unknown wire types, a known field
 * with another wire type than its own, lengths beyond the message, varints longer than ten bytes, groups that do not close or
 * nest too deep, values that nest too deep, lists that are too long.
 */
export function checkMessage(descriptor: DescMessage, bytes: Uint8Array, depth = 0): void {
  if (descriptor.name === 'AnyValue' && depth > valueDepthMax) throw new Damaged('nested too deep')
  const counts = new Map<number, number>()
  for (const { number, wireType, value } of fieldsOf(bytes)) {
    const field = descriptor.fields.find((one) => one.number === number)
    if (field === undefined) continue
    const count = (counts.get(number) ?? 0) + checkField(field, wireType, value, depth)
    counts.set(number, count)
    if (count > limitOf(field)) throw new Damaged(`too many in ${field.name}`)
  }
}

function limitOf(field: DescField): number {
  if (field.fieldKind !== 'list') return Number.POSITIVE_INFINITY
  if (field.listKind === 'scalar')
    return field.scalar === ScalarType.BYTES ? Number.POSITIVE_INFINITY : listMax
  if (field.name === 'exemplars') return exemplarsMax
  return field.name === 'quantile_values' ? listMax : Number.POSITIVE_INFINITY
}

/** How many values it is. */
function checkField(field: DescField, wireType: number, value: Uint8Array, depth: number): number {
  const message = messageOf(field)
  if (message !== undefined) {
    if (wireType !== 2) throw new Damaged(`${field.name} is no message`)
    checkMessage(message, value, depth + (nesting.has(message.name) ? 1 : 0))
    return 1
  }
  const own = wireTypeOf(field)
  if (wireType === own) return 1
  if (wireType !== 2 || field.fieldKind !== 'list' || own === 2)
    throw new Damaged(`${field.name} has another type`)
  return packedCount(value, own)
}

const nesting = new Set(['ArrayValue', 'KeyValueList'])

function messageOf(field: DescField): DescMessage | undefined {
  if (field.fieldKind === 'message') return field.message
  return field.fieldKind === 'list' && field.listKind === 'message' ? field.message : undefined
}

function wireTypeOf(field: DescField): number {
  const scalar = field.fieldKind === 'scalar' || field.fieldKind === 'list' ? field.scalar : undefined
  switch (scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return 2
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return 1
    case ScalarType.FIXED32:
      return 5
    default:
      return 0
  }
}

function packedCount(bytes: Uint8Array, wireType: number): number {
  if (wireType === 1) {
    if (bytes.length % 8 !== 0) throw new Damaged('a packed list ends early')
    return bytes.length / 8
  }
  let count = 0
  for (let at = 0; at < bytes.length; count++) at = varintAt(bytes, at).end
  return count
}

export interface WireField {
  readonly number: number
  readonly wireType: number
  /** Of a length-delimited field: what it holds. */
  readonly value: Uint8Array
  /** With its tag. */
  readonly raw: Uint8Array
}

/** The fields of a message of any kind. Groups are skipped: they are of no message of ours. */
export function fieldsOf(bytes: Uint8Array): WireField[] {
  const fields: WireField[] = []
  for (let at = 0; at < bytes.length; ) {
    const tag = tagAt(bytes, at)
    const { end, start } = skipValue(bytes, tag, 0)
    fields.push({
      number: tag.number,
      wireType: tag.wireType,
      value: bytes.subarray(start, end),
      raw: bytes.subarray(at, end),
    })
    at = end
  }
  return fields
}

interface Tag {
  readonly number: number
  readonly wireType: number
  readonly end: number
}

function tagAt(bytes: Uint8Array, at: number): Tag {
  const { value, end } = varintAt(bytes, at)
  if (end - at > 5 || value > 0xffff_ffffn) throw new Damaged('a tag beyond 32 bits')
  const number = Number(value >> 3n)
  if (number === 0) throw new Damaged('a field 0')
  return { number, wireType: Number(value & 7n), end }
}

function varintAt(bytes: Uint8Array, at: number): { readonly value: bigint; readonly end: number } {
  let value = 0n
  for (let index = 0; index < 10; index++) {
    const byte = bytes[at + index]
    if (byte === undefined) throw new Damaged('a varint ends early')
    value |= BigInt(byte & 0x7f) << BigInt(7 * index)
    if (byte < 0x80) return { value: BigInt.asUintN(64, value), end: at + index + 1 }
  }
  throw new Damaged('a varint longer than ten bytes')
}

function skipValue(
  bytes: Uint8Array,
  { number, wireType, end: at }: Tag,
  groups: number,
): { readonly start: number; readonly end: number } {
  const ending = (start: number, end: number) => {
    if (end > bytes.length) throw new Damaged('a value ends early')
    return { start, end }
  }
  switch (wireType) {
    case 0:
      return ending(at, varintAt(bytes, at).end)
    case 1:
      return ending(at, at + 8)
    case 2: {
      const { value, end } = varintAt(bytes, at)
      return ending(end, end + Number(value))
    }
    case 3:
      return ending(at, endOfGroup(bytes, number, at, groups))
    case 5:
      return ending(at, at + 4)
    default:
      throw new Damaged(`wire type ${wireType}`)
  }
}

function endOfGroup(bytes: Uint8Array, number: number, start: number, groups: number): number {
  if (groups >= groupDepthMax) throw new Damaged('groups are nested too deep')
  for (let at = start; ; ) {
    const tag = tagAt(bytes, at)
    if (tag.wireType !== 4) at = skipValue(bytes, tag, groups + 1).end
    else if (tag.number === number) return tag.end
    else throw new Damaged('a group is closed as another')
  }
}
