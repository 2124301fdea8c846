import type { Field, Message } from '../wire-model.ts'
import { type Dirt, dirtyText, writeDirt } from './dirt.ts'
import { mutate } from './mutate.ts'
import { ProtoBytes } from './proto-bytes.ts'
import type { Random } from './random.ts'

export interface Style {
  /** Fields in any order, sub-messages in pieces, values that a later one replaces, unknown fields, padded varints. */
  readonly free: boolean
  /** What no sender should write: invalid UTF-8, other wire types, bombs, broken lengths. */
  readonly dirty: boolean
}

const out = new ProtoBytes()

/** The tree as protobuf; unless the style is dirty, every way to write it says the same. */
export function writeRequest(request: Message, style: Style, random: Random): Buffer {
  writeMessage(request, { style, random, out })
  return out.take()
}

interface Pen {
  /** Inside a later piece of a message: another member of a oneof would replace what the earlier one said. */
  readonly inLaterPiece?: boolean
  readonly style: Style
  readonly random: Random
  readonly out: ProtoBytes
}

interface Step {
  /** Steps of one group keep their order. */
  readonly group: number
  readonly write: () => void
}

function writeMessage(message: Message, pen: Pen): void {
  const { style, random } = pen
  if (!style.free) {
    for (const field of message) for (const step of stepsOf(field, pen)) step.write()
    if (style.dirty) dirt(message, pen)
    return
  }
  const steps: Step[] = []
  for (const field of message) steps.push(...stepsOf(field, pen))
  if (random.oneIn(10)) steps.push({ group: -1, write: () => writeUnknown(pen) })
  if (style.dirty && random.oneIn(60)) steps.push({ group: -2, write: () => dirt(message, pen) })
  for (const step of random.oneIn(2) ? shuffled(steps, random) : steps) step.write()
}

function dirt(message: Message, { random, out: to }: Pen): void {
  const about: Dirt = {
    numbers: message.map(({ number }) => number),
    attributes: message.find(({ name }) => name === 'attributes' || name === 'filteredAttributes')?.number,
    // Where the pieces of a value go, or the value itself.
    value: message.find(({ name }) => name === 'value' || name === 'body')?.number,
    events: message.find(({ name }) => name === 'events' || name === 'links')?.number,
  }
  writeDirt(about, random, to)
}

/** Any order that keeps that of each group. */
function shuffled(steps: readonly Step[], random: Random): Step[] {
  const keys = new Map<number, number[]>()
  for (const { group } of steps) keys.set(group, [...(keys.get(group) ?? []), random.bits()])
  for (const group of keys.values()) group.sort((a, b) => b - a)
  return steps
    .map((step) => ({ step, key: keys.get(step.group)?.pop() ?? 0 }))
    .sort((a, b) => a.key - b.key)
    .map(({ step }) => step)
}

function stepsOf(field: Field, pen: Pen): Step[] {
  const { random, style } = pen
  const group = field.number
  const step = (write: () => void): Step => ({ group, write })
  switch (field.as) {
    case 'messages':
      return field.value.map((one) => step(() => writeDelimited(group, () => writeMessage(one, pen), pen)))
    case 'message': {
      const pieces = style.free && random.oneIn(8) ? split(field.value, random) : [field.value]
      const steps = pieces.map((one, piece) => {
        const inner = piece === 0 ? pen : { ...pen, inLaterPiece: true }
        return step(() => writeDelimited(group, () => writeMessage(one, inner), inner))
      })
      return [...decoys(field, pen), ...steps]
    }
    case 'doubles':
      return listSteps(field, field.value, 1, (value) => pen.out.double(value), pen)
    case 'fixed64s':
      return listSteps(field, field.value, 1, (value) => pen.out.fixed64(value), pen)
    case 'varints':
      return listSteps(field, field.value, 0, (value) => pen.out.bigint(value, padding(pen)), pen)
    default:
      return [...decoys(field, pen), step(() => writeScalar(field, pen))]
  }
}

function listSteps<T>(
  { number }: Field,
  values: readonly T[],
  wireType: number,
  put: (value: T) => void,
  pen: Pen,
): Step[] {
  const steps: Step[] = []
  for (let at = 0; at < values.length; ) {
    const single = pen.style.free && pen.random.oneIn(4)
    const count = single ? 1 : pen.style.free ? 1 + pen.random.below(values.length - at) : values.length - at
    const some = values.slice(at, at + count)
    const packed = () => {
      for (const value of some) put(value)
    }
    steps.push({
      group: number,
      write: () => {
        if (single) {
          writeTag(number, wireType, pen)
          packed()
        } else writeDelimited(number, packed, pen)
      },
    })
    at += count
  }
  return steps
}

/** A sub-message in two pieces; pieces of a message merge. */
function split(message: Message, random: Random): Message[] {
  const at = random.below(message.length + 1)
  if (at > 0 && at < message.length) return [message.slice(0, at), message.slice(at)]
  const [only] = message
  if (message.length !== 1 || only === undefined || !random.oneIn(2)) return [message, []]
  if (only.as === 'message') return split(only.value, random).map((value) => [{ ...only, value }])
  if (only.as !== 'messages') return [message, []]
  const middle = random.below(only.value.length + 1)
  return [[{ ...only, value: only.value.slice(0, middle) }], [{ ...only, value: only.value.slice(middle) }]]
}

const anyValueNames = new Set([
  'stringValue',
  'boolValue',
  'intValue',
  'doubleValue',
  'arrayValue',
  'kvlistValue',
  'bytesValue',
])
const dataNames = new Set(['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'])

/** Values before the true one, which replaces them. */
function decoys(field: Field, pen: Pen): Step[] {
  const { style, random } = pen
  const isData = field.as === 'message' && dataNames.has(field.name)
  const ofOneof = anyValueNames.has(field.name) || isData
  if (!style.free || !random.oneIn(10) || (ofOneof && pen.inLaterPiece)) return []
  const write = () => {
    if (anyValueNames.has(field.name)) writeOtherValue(field.number, pen)
    else if (isData) writeOtherData(field.number, pen)
    else if (field.as !== 'message') writeScalar(field, pen, true)
  }
  return [{ group: field.number, write }]
}

function writeOtherValue(number: number, pen: Pen): void {
  const { out: to, random } = pen
  const other = random.pick([1, 2, 3, 4, 5, 6, 7].filter((one) => one !== number))
  const wireType = other === 2 || other === 3 ? 0 : other === 4 ? 1 : 2
  writeTag(other, wireType, pen)
  if (wireType === 0) to.number(7)
  else if (wireType === 1) to.double(2.5)
  else if (other === 5) to.raw(Uint8Array.of(4, 10, 2, 16, 1))
  else if (other === 6) to.raw(Uint8Array.of(5, 10, 3, 10, 1, 107))
  else to.raw(Uint8Array.of(2, 111, 107))
}

/** Another kind of data, with two points. */
function writeOtherData(number: number, pen: Pen): void {
  const other = pen.random.pick([5, 7, 9, 10, 11].filter((one) => one !== number))
  writeTag(other, 2, pen)
  pen.out.raw(Uint8Array.of(4, 10, 0, 10, 0))
}

function writeUnknown(pen: Pen): void {
  const { random, out: to } = pen
  const number = random.pick([21, 99, 1_000, 536_870_911])
  const wireType = random.pick([0, 1, 2, 3, 5])
  writeTag(number, wireType, pen)
  if (wireType === 0) to.bigint(random.bits64(), padding(pen))
  else if (wireType === 1) to.fixed64(random.bits64())
  else if (wireType === 5) to.fixed32(random.bits())
  else if (wireType === 2) to.delimited(() => to.raw(random.bytes(random.below(5))), padding(pen))
  else {
    if (random.oneIn(2)) writeUnknown(pen)
    writeTag(number, 4, pen)
  }
}

function writeScalar(field: Field, pen: Pen, other = false): void {
  const { out: to, random } = pen
  switch (field.as) {
    case 'text': {
      const bytes = other ? random.bytes(3).map((byte) => byte & 0x7f) : textBytes(field.value, pen)
      writeDelimited(field.number, () => to.raw(bytes), pen)
      return
    }
    case 'id':
    case 'bytes':
      writeDelimited(field.number, () => to.raw(other ? random.bytes(8) : field.value), pen)
      return
    case 'varint':
      writeTag(field.number, 0, pen)
      to.bigint(other ? random.bits64() : field.value, padding(pen))
      return
    case 'sint32':
      writeTag(field.number, 0, pen)
      to.number(Number(BigInt.asUintN(32, (field.value << 1n) ^ (field.value >> 31n))), padding(pen, 5))
      return
    case 'bool':
      writeTag(field.number, 0, pen)
      // Any bit but the lowest makes it true as well.
      to.bigint(!field.value ? 0n : pen.style.free && random.oneIn(4) ? 1n << BigInt(random.below(64)) : 1n)
      return
    case 'fixed64':
    case 'sfixed64':
      writeTag(field.number, 1, pen)
      to.fixed64(other ? random.bits64() : field.value)
      return
    case 'fixed32':
      writeTag(field.number, 5, pen)
      to.fixed32(other ? random.bits() : Number(field.value))
      return
    case 'double':
      writeTag(field.number, 1, pen)
      to.double(other ? 3.25 : field.value)
  }
}

function textBytes(text: string, { style, random }: Pen): Uint8Array {
  return style.dirty && random.oneIn(8) ? dirtyText(text, random) : Buffer.from(text)
}

function writeDelimited(number: number, write: () => void, pen: Pen): void {
  writeTag(number, 2, pen)
  const damage = pen.style.dirty && number < 16 && pen.random.oneIn(150)
  pen.out.delimited(
    write,
    padding(pen, 4),
    damage ? (inner) => mutate(inner, () => inner, pen.random) : undefined,
  )
}

function writeTag(number: number, wireType: number, pen: Pen): void {
  const tag = number * 8 + wireType
  const bytes = tag < 0x80 ? 1 : tag < 0x4000 ? 2 : tag < 0x20_0000 ? 3 : tag < 0x1000_0000 ? 4 : 5
  pen.out.number(tag, padding(pen, 5 - bytes))
}

function padding({ style, random }: Pen, most = 5): number {
  return style.free && most > 0 && random.oneIn(40) ? random.below(most + 1) : 0
}
