import { expect, test } from 'vitest'
import { createPace } from '../../../collector/service/ingest/pace.ts'
import { createManualClock } from '../../support/manual-clock.ts'

const config = { blockAgeMs: 100, blockRowsMax: 1_000 }

/** Advances in steps until it is time, and tells after how many ms that was. */
async function dueAfter({
  commitMs = 0,
  sinceClosedMs = 0,
  rows = 1,
  comingUntilMs = 0,
}: {
  readonly commitMs?: number
  readonly sinceClosedMs?: number
  readonly rows?: number
  readonly comingUntilMs?: number
}): Promise<number> {
  const clock = createManualClock()
  const pace = createPace(clock, config)
  pace.groupClosed()
  pace.groupCommitted(commitMs)
  await clock.advance(sinceClosedMs)
  const group = { rows, decoding: [] as unknown[] }
  let due = false
  void pace.whenDue(group, new AbortController().signal).then(() => {
    due = true
  })
  for (let ms = 0; ms <= 2_000; ms++) {
    await clock.advance(ms === 0 ? 0 : 1)
    if (due) return ms
    if (ms < comingUntilMs && ms % 10 === 0) group.decoding.push(undefined)
  }
  throw new Error('never due')
}

test('after a pause, or while commits are quick, a group is closed at its age', async () => {
  expect(await dueAfter({ commitMs: 33 })).toBe(100)
  expect(await dueAfter({ commitMs: 200, sinceClosedMs: 5_000 })).toBe(100)
})

test('while commits take long, groups follow each other at three times that, and none waits for more than a second', async () => {
  expect(await dueAfter({ commitMs: 80 })).toBe(240)
  expect(await dueAfter({ commitMs: 80, sinceClosedMs: 60 })).toBe(180)
  expect(await dueAfter({ commitMs: 5_000 })).toBe(1_000)
})

test('a group of many rows is closed when nothing more comes, one of few rows is not', async () => {
  expect(await dueAfter({ commitMs: 5_000, rows: 250 })).toBe(125)
  expect(await dueAfter({ commitMs: 5_000, rows: 249 })).toBe(1_000)
  expect(await dueAfter({ commitMs: 5_000, rows: 250, comingUntilMs: 300 })).toBe(325)
})

test('the waiting ends with the group', async () => {
  const clock = createManualClock()
  const closing = new AbortController()
  const waiting = createPace(clock, config).whenDue({ rows: 1, decoding: [] }, closing.signal)
  closing.abort()
  await waiting
  expect(clock.sleepers()).toBe(0)
})
