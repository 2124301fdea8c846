import type { ProtoBytes } from './proto-bytes.ts'
import type { Random } from './random.ts'

/** What is known of the message that gets dirty. */
export interface Dirt {
  readonly numbers: readonly number[]
  readonly attributes: number | undefined
  readonly value: number | undefined
  readonly events: number | undefined
}

const invalid: readonly Uint8Array[] = [
  // Truncated sequences, surrogates, overlong forms, beyond U+10FFFF, a lone continuation.
  Uint8Array.of(0xc3),
  Uint8Array.of(0xe2, 0x82),
  Uint8Array.of(0xf0, 0x9f, 0x98),
  Uint8Array.of(0xed, 0xa0, 0x80),
  Uint8Array.of(0xed, 0xbf, 0xbf, 0xed, 0xa0, 0x80),
  Uint8Array.of(0xc0, 0x80),
  Uint8Array.of(0xe0, 0x80, 0xaf),
  Uint8Array.of(0xf4, 0x90, 0x80, 0x80),
  Uint8Array.of(0x80),
  Uint8Array.of(0xff, 0xfe),
]

export function dirtyText(text: string, random: Random): Uint8Array {
  const bytes = Buffer.from(text)
  const at = random.below(bytes.length + 1)
  return Buffer.concat([bytes.subarray(0, at), random.pick(invalid), bytes.subarray(at)])
}

/** One thing that no sender should write. */
export function writeDirt(dirt: Dirt, random: Random, out: ProtoBytes): void {
  const number = dirt.numbers.length > 0 && random.oneIn(2) ? random.pick(dirt.numbers) : 30
  switch (random.below(10)) {
    case 0:
      // Another wire type, a field that ends nothing, the unknown wire types.
      out.number(number * 8 + random.below(8))
      out.raw(random.bytes(random.below(10)))
      return
    case 1:
      // A tag of more than 32 bits, and one of more than five bytes.
      out.number(number * 8 + (random.oneIn(2) ? 0 : 2 ** 32), random.below(6))
      out.byte(0)
      return
    case 2:
      out.number(number * 8)
      for (let index = 0; index < 9 + random.below(3); index++) out.byte(0x80 | random.below(128))
      out.byte(random.below(128))
      return
    case 3:
      // Lengths beyond the message; some would wrap in 32 bits.
      out.number(number * 8 + 2)
      out.bigint(
        random.pick([5n, 200n, 2n ** 31n, 2n ** 32n, 2n ** 32n + 1n, 2n ** 35n, 2n ** 63n, 2n ** 64n - 1n]),
      )
      return
    case 4:
      groups(60 + random.below(8), out)
      return
    case 5:
      if (dirt.value !== undefined) nested(dirt.value, 60 + random.below(8), random, out)
      return
    case 6:
      if (dirt.value !== undefined) pieces(dirt.value, 60 + random.below(10), out)
      return
    case 7:
      if (dirt.attributes !== undefined && random.oneIn(6))
        manyAttributes(dirt.attributes, 1_020 + random.below(10), random, out)
      return
    case 8:
      if (dirt.events !== undefined && random.oneIn(6)) manyEmpty(dirt.events, 4_094 + random.below(6), out)
      return
    default:
      out.raw(random.bytes(1 + random.below(3)))
  }
}

function groups(depth: number, out: ProtoBytes): void {
  for (let index = 0; index < depth; index++) out.number(40 * 8 + 3)
  for (let index = 0; index < depth; index++) out.number(40 * 8 + 4)
}

/** Arrays and maps in each other. */
function nested(field: number, depth: number, random: Random, out: ProtoBytes): void {
  const inner = (left: number): void => {
    if (left === 0) return
    const inMap = random.oneIn(2)
    out.number((inMap ? 6 : 5) * 8 + 2)
    out.delimited(() => {
      out.number(10)
      out.delimited(() => {
        if (!inMap) {
          inner(left - 1)
          return
        }
        out.number(18)
        out.delimited(() => inner(left - 1))
      })
    })
  }
  out.number(field * 8 + 2)
  out.delimited(() => inner(depth))
}

function pieces(field: number, count: number, out: ProtoBytes): void {
  for (let index = 0; index < count; index++) {
    out.number(field * 8 + 2)
    out.delimited(() => out.raw(Uint8Array.of(42, 4, 10, 2, 16, 1)))
  }
}

function manyAttributes(field: number, count: number, random: Random, out: ProtoBytes): void {
  for (let index = 0; index < count; index++) {
    out.number(field * 8 + 2)
    out.delimited(() => {
      out.number(10)
      out.delimited(() => out.raw(Buffer.from(`key-${random.oneIn(50) ? random.below(count) : index}`)))
    })
  }
}

function manyEmpty(field: number, count: number, out: ProtoBytes): void {
  for (let index = 0; index < count; index++) {
    out.number(field * 8 + 2)
    out.byte(0)
  }
}
