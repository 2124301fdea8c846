import { expect, test } from 'vitest'
import { createFairQueue } from '../../../collector/service/ingest/fair-queue.ts'

const everyone = () => true

test('senders take turns, whoever came first and with however much', () => {
  const queue = createFairQueue<string>()
  for (const item of ['a1', 'a2', 'a3', 'a4']) queue.push('a', item)
  queue.push('b', 'b1')
  expect(queue.take(everyone)).toBe('a1')
  queue.push('c', 'c1')
  queue.push('c', 'c2')
  const rest = Array.from({ length: 6 }, () => queue.take(everyone))
  expect(rest).toEqual(['b1', 'a2', 'c1', 'a3', 'c2', 'a4'])
  expect([queue.take(everyone), queue.size()]).toEqual([undefined, 0])
})

test('a sender that may not go on keeps its place and delays nobody', () => {
  const queue = createFairQueue<string>()
  queue.push('a', 'a1')
  queue.push('b', 'b1')
  expect(queue.take((sender) => sender !== 'a')).toBe('b1')
  expect(queue.take((sender) => sender !== 'a')).toBe(undefined)
  expect(queue.take(everyone)).toBe('a1')
})
