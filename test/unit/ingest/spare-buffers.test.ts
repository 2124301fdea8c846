import { expect, test } from 'vitest'
import { createSpareBuffers } from '../../../collector/service/ingest/spare-buffers.ts'

const MiB = 1024 ** 2
const bufferOf = (bytes: number) => new ArrayBuffer(bytes)

test('the smallest buffer that fits is used again, once', () => {
  const spares = createSpareBuffers()
  const [small, middle, large] = [MiB, 2 * MiB, 4 * MiB].map(bufferOf)
  for (const one of [large, middle, small]) if (one) spares.give(one)
  expect(spares.take(1.5 * MiB).buffer).toBe(middle)
  expect(spares.take(1.5 * MiB).buffer).toBe(large)
  expect([small, middle, large]).not.toContain(spares.take(1.5 * MiB).buffer)
  expect(spares.take(MiB).buffer).toBe(small)
})

test('a buffer that is far too large stays for others', () => {
  const spares = createSpareBuffers()
  const large = bufferOf(8 * MiB)
  spares.give(large)
  expect(spares.take(2 * MiB - 1).buffer).not.toBe(large)
  expect(spares.take(2 * MiB).buffer).toBe(large)
})

test('six buffers and 160 MiB are kept, the oldest go first', () => {
  const six = createSpareBuffers()
  const buffers = Array.from({ length: 7 }, () => bufferOf(MiB))
  for (const one of buffers) six.give(one)
  const taken = Array.from({ length: 7 }, () => six.take(MiB).buffer)
  expect(buffers.map((one) => taken.includes(one))).toEqual([false, ...new Array(6).fill(true)])

  const bytes = createSpareBuffers()
  const [first, second, third] = [60, 60, 60].map((size) => bufferOf(size * MiB))
  for (const one of [first, second, third]) if (one) bytes.give(one)
  const kept = [1, 2, 3].map(() => bytes.take(60 * MiB).buffer)
  expect([first, second, third].map((one) => kept.some((other) => other === one))).toEqual([
    false,
    true,
    true,
  ])
})

test('small buffers are not kept', () => {
  const spares = createSpareBuffers()
  const small = bufferOf(256 * 1024 - 1)
  spares.give(small)
  expect(spares.take(256 * 1024 - 1).buffer).not.toBe(small)
})
