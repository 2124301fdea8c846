import type { Random } from './random.ts'

/** Sets, inserts, removes, cuts, doubles and splices stretches of bytes. */
export function mutate(body: Buffer, other: () => Buffer, random: Random): Buffer {
  let bytes = Buffer.from(body)
  const steps = random.oneIn(2) ? 1 : 1 + random.below(4)
  for (let step = 0; step < steps; step++) bytes = mutateOnce(bytes, other, random)
  return bytes
}

function mutateOnce(bytes: Buffer, other: () => Buffer, random: Random): Buffer<ArrayBuffer> {
  const at = random.below(bytes.length + 1)
  const length = 1 + random.below(20)
  const before = bytes.subarray(0, at)
  const after = bytes.subarray(at)
  switch (random.below(8)) {
    case 0:
      return Buffer.concat([before, random.bytes(1), after.subarray(1)])
    case 1:
      return Buffer.concat([before, random.bytes(length), after])
    case 2:
      return Buffer.concat([before, after.subarray(length)])
    case 3:
      return Buffer.concat([before])
    case 4:
      return Buffer.concat([before, after.subarray(0, length), after])
    case 5: {
      const from = other()
      const start = random.below(from.length + 1)
      return Buffer.concat([before, from.subarray(start, random.oneIn(2) ? start + length : from.length)])
    }
    case 6: {
      // One bit: a number, a length or a wire type next to the right one.
      const flipped = (after[0] ?? 0) ^ (1 << random.below(8))
      return Buffer.concat([before, Uint8Array.of(flipped), after.subarray(1)])
    }
    default:
      return Buffer.concat([
        before,
        Uint8Array.of(random.pick([0, 1, 2, 0x7f, 0x80, 0xff])),
        after.subarray(1),
      ])
  }
}
