import { expect, test } from 'vitest'
import { createByteBudget, type Reservation } from '../../../collector/intake/byte-budget.ts'
import { createManualClock } from '../../support/manual-clock.ts'

function start(bytesMax = 1_000) {
  const clock = createManualClock()
  const budget = createByteBudget(bytesMax, clock)
  /** A request of so many bytes: its reservation, or why it was refused. */
  const enter = (sender: string, bytes: number): Reservation | string => {
    const reservation = budget.reserve(sender)
    return reservation.growTo(bytes)?.reason ?? reservation
  }
  const entered = (sender: string, bytes: number): Reservation => {
    const reservation = enter(sender, bytes)
    if (typeof reservation === 'string') expect.fail(`${sender} was refused: ${reservation}`)
    return reservation
  }
  return { clock, budget, enter, entered }
}

test('a sender that is alone may have all of it, and not a byte more', () => {
  const { budget, enter, entered } = start()
  for (let request = 0; request < 10; request++) entered('flood', 100)
  expect(budget.used()).toBe(1_000)
  expect(enter('flood', 1)).toBe('no-room')
})

test('a sender that floods is held to its share once another has knocked, which enters when it comes again', async () => {
  const { clock, enter, entered } = start()
  const flood = Array.from({ length: 10 }, () => entered('flood', 100))
  expect(enter('small', 50)).toBe('no-room')
  // The flood goes on: for each request that is answered it sends another.
  for (let round = 0; round < 5; round++) {
    flood.shift()?.release()
    const next = enter('flood', 100)
    if (typeof next !== 'string') flood.push(next)
  }
  expect(flood).toHaveLength(5)
  await clock.advance(1_000)
  entered('small', 50)
  expect(enter('flood', 100)).toBe('over-share')
  entered('small', 50)
})

test('when less than half is taken nobody is held to a share', () => {
  const { entered } = start()
  for (const sender of ['a', 'b', 'c', 'd', 'e']) entered(sender, 1)
  entered('flood', 300)
})

test('a share is the budget by the senders of the last ten seconds', async () => {
  const { clock, enter, entered } = start()
  for (const sender of ['a', 'b', 'c']) entered(sender, 1).release()
  const half = [entered('flood', 250), entered('flood', 250)]
  expect(enter('flood', 100)).toBe('over-share')
  await clock.advance(10_001)
  half.push(entered('flood', 500))
  for (const one of half) one.release()
})

test('a sender that holds something stays counted, however long ago it was seen', async () => {
  const { clock, enter, entered } = start()
  const slow = entered('slow', 10)
  await clock.advance(60_000)
  entered('flood', 490)
  expect(enter('flood', 100)).toBe('over-share')
  slow.release()
  await clock.advance(10_001)
  entered('flood', 100)
})

test('among many senders one request of each may still enter while there is room', () => {
  const { entered, enter } = start()
  for (let sender = 0; sender < 90; sender++) entered(`s${sender}`, 11)
  expect(enter('s1', 1)).toBe('over-share')
  entered('new', 10)
  expect(enter('another', 10)).toBe('no-room')
})

test('one request alone passes whatever its size, also when it grows', () => {
  const { budget } = start()
  const large = budget.reserve('a')
  expect(large.growTo(600)).toBeUndefined()
  expect(large.growTo(5_000)).toBeUndefined()
  large.release()
  large.release()
  expect(budget.used()).toBe(0)
})

test('a growing request that is refused keeps what it had, and gives back no more', () => {
  const { budget, entered } = start()
  entered('b', 500)
  const growing = entered('a', 300)
  expect(growing.growTo(600)?.reason).toBe('no-room')
  expect(budget.used()).toBe(800)
  growing.release()
  expect(budget.used()).toBe(500)
})

test('the senders that are told apart are bounded; those beyond share one entry', () => {
  const { budget, entered, enter } = start(1_000_000)
  for (let sender = 0; sender < 10_000; sender++) entered(`s${sender}`, 50)
  const beyond = entered('x', 50)
  expect(enter('y', 60)).toBe('over-share')
  beyond.release()
  entered('y', 60).release()
  expect(budget.used()).toBe(500_000)
})
