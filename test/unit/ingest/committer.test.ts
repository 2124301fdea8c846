import { expect, test } from 'vitest'
import { logsTable } from '../../../collector/record/signal.ts'
import type { RowOf } from '../../../collector/record/table.ts'
import { createCommitter } from '../../../collector/service/ingest/committer.ts'
import { defaultIngestConfig } from '../../../collector/service/ingest/ingest.ts'
import { insertRowsMax } from '../../../collector/service/store/insert.ts'
import { createManualClock } from '../../support/manual-clock.ts'
import { createFakeStore } from './fake-store.ts'

const rows = (count: number) => new Array(count).fill({}) as RowOf<typeof logsTable>[]

/** Lets a first insert run while the loads wait, then tells how many rows each of the next blocks had. */
async function blocksOf(loads: readonly (readonly [rows: number, bytes: number])[]): Promise<number[]> {
  const store = createFakeStore()
  const clock = createManualClock()
  const committer = createCommitter(
    { table: logsTable, store, clock, instanceId: 'i' },
    { ...defaultIngestConfig, rowsWaitingMax: 1_000_000, blockBytesMax: 1_000 },
  )
  let commit = () => {}
  const committing = new Promise<void>((resolve) => {
    commit = resolve
  })
  store.answer = async () => {
    await committing
    return undefined
  }
  const answers = [committer.add(rows(1), 1)]
  await clock.advance(1_000)
  for (const [count, bytes] of loads) answers.push(committer.add(rows(count), bytes))
  commit()
  await clock.advance(10_000)
  await Promise.all(answers)
  expect(committer.waiting()).toEqual({ rows: 0, bytes: 0 })
  return store.inserts.slice(1).map((insert) => insert.rows.length)
}

test('a block never holds more rows than the store commits at once', async () => {
  const half = insertRowsMax / 2
  expect(
    await blocksOf([
      [half, 1],
      [half, 1],
      [1, 1],
    ]),
  ).toEqual([insertRowsMax, 1])
  expect(
    await blocksOf([
      [half, 1],
      [half + 1, 1],
      [1, 1],
    ]),
  ).toEqual([half, half + 2])
})

test('a block ends at twice the bytes that close it, and holds one request at least', async () => {
  expect(
    await blocksOf([
      [1, 1_000],
      [2, 1_000],
      [4, 1],
    ]),
  ).toEqual([3, 4])
  expect(
    await blocksOf([
      [1, 5_000],
      [2, 5_000],
      [4, 1],
    ]),
  ).toEqual([1, 2, 4])
})

test('all that waits is answered when it is drained, what is added meanwhile too', async () => {
  const store = createFakeStore()
  const clock = createManualClock()
  const committer = createCommitter({ table: logsTable, store, clock, instanceId: 'i' }, defaultIngestConfig)
  let second: Promise<unknown> | undefined
  store.answer = () => {
    second ??= committer.add(rows(2), 1)
    return undefined
  }
  const first = committer.add(rows(1), 1)
  await committer.drain()
  expect(await Promise.all([first, second])).toEqual([
    { type: 'stored', rows: 1 },
    { type: 'stored', rows: 2 },
  ])
})
