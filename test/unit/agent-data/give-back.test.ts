import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { giveBack } from '../../../collector/agent/receive/give-back.ts'
import { createByteBudget } from '../../../collector/intake/byte-budget.ts'
import { inflateBounded } from '../../../collector/intake/inflate-bounded.ts'

const kib = 1024

test.each([
  ['a body of its own', () => Buffer.allocUnsafeSlow(64 * kib), true],
  ['a Uint8Array', () => new Uint8Array(64 * kib), true],
  ['a part of something larger', () => Buffer.allocUnsafeSlow(64 * kib).subarray(2), false],
  ['the front of something larger', () => Buffer.allocUnsafeSlow(64 * kib).subarray(0, 64 * kib - 2), false],
  ['what Node took from its pool', () => Buffer.allocUnsafe(Buffer.poolSize / 2 - 1), false],
  ['a small one', () => Buffer.allocUnsafeSlow(kib), false],
  ['shared memory', () => new Uint8Array(new SharedArrayBuffer(64 * kib)), false],
])('%s', (_, make, isFreed) => {
  const bytes = make()
  const { length } = bytes
  giveBack(bytes)
  expect(bytes.length).toBe(isFreed ? 0 : length)
  giveBack(bytes)
})

test('what a gzip was inflated to', async () => {
  const reservation = createByteBudget(1024 * kib).reserve('sender')
  const body = gzipSync(Buffer.alloc(100 * kib, 'a text'))
  const inflated = await inflateBounded(body, 'gzip', { bytesMax: 1024 * kib, reservation })
  if (inflated.type !== 'inflated') throw new Error('refused')
  giveBack(inflated.bytes)
  expect(inflated.bytes.length).toBe(0)
})
