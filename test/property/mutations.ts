import fc from 'fast-check'

/** Cuts, overwrites, doubles and removes stretches of bytes. */
export const mutations = fc.array(
  fc.record({
    how: fc.constantFrom('set', 'insert', 'remove', 'cut', 'double'),
    at: fc.nat(),
    length: fc.integer({ min: 1, max: 20 }),
    byte: fc.integer({ min: 0, max: 255 }),
  }),
  { minLength: 1, maxLength: 6 },
)

export function mutate(
  body: Uint8Array,
  steps: readonly { how: string; at: number; length: number; byte: number }[],
) {
  let bytes = Buffer.from(body)
  for (const { how, at, length, byte } of steps) {
    const from = bytes.length === 0 ? 0 : at % bytes.length
    const [before, after] = [bytes.subarray(0, from), bytes.subarray(from)]
    const parts = {
      set: [before, Buffer.from([byte]), after.subarray(1)],
      insert: [before, Buffer.alloc(length, byte), after],
      remove: [before, after.subarray(length)],
      cut: [before],
      double: [before, after.subarray(0, length), after],
    }[how]
    bytes = Buffer.concat(parts ?? [])
  }
  return bytes
}
