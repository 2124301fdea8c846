import { describe, expect, test } from 'vitest'
import type { Ask } from '../../../collector/service/api/ask.ts'
import { findSnapshots, withOpen } from '../../../collector/service/api/snapshot-page.ts'
import { everything } from '../../../collector/service/query/query.ts'
import {
  type OpenSnapshotRow,
  partsOf,
  type SnapshotFilter,
  type SnapshotRow,
  type SnapshotStepRow,
  snapshotReasons,
} from '../../../collector/service/query/snapshots.ts'
import { defaultNaming } from '../../../collector/service/query/transaction-naming.ts'

const minute = 60_000
const hour = 60 * minute

const rowOf = (startMs: number, id: string, over: Partial<SnapshotRow> = {}): SnapshotRow => ({
  traceId: id,
  spanId: id,
  startMs,
  durationMs: 1,
  clusterId: '',
  namespace: '',
  application: 'shop',
  service: 'web',
  transaction: '',
  version: '',
  pod: '',
  operation: '',
  httpStatus: 0,
  exceptionType: '',
  reason: 'error',
  thresholdMs: null,
  baselineCalls: 0,
  baselineMeanMs: 0,
  baselineSigmaMs: 0,
  rule: '',
  alike: 1,
  kept: 1,
  ...over,
})
const stepOf = (timeMs: number, reason: string, kept: number, all = kept): SnapshotStepRow => ({
  timeMs,
  reason,
  kept,
  all,
})
const openOf = (row: SnapshotRow, step: SnapshotStepRow, onPage = true): OpenSnapshotRow => ({
  ...row,
  onPage,
  step,
})
const ids = (rows: readonly SnapshotRow[]) =>
  rows.map(({ traceId, spanId }) => `${traceId}${spanId}`).join(' ')

describe('a page of rolled up snapshots and of others', () => {
  const step = stepOf(0, 'error', 3)
  const kept = { rows: [rowOf(5, 'c'), rowOf(5, 'b'), rowOf(1, 'a')], steps: [] }
  const open = [rowOf(9, 'd'), rowOf(5, 'b', { spanId: 'c' }), rowOf(5, 'e')].map((row) => openOf(row, step))

  test('has the newest first, those of the same time by their ids from the last, up to the limit', () => {
    expect(ids(withOpen(kept, open, { sort: 'newest', limit: 9 }).rows)).toBe('dd ee cc bc bb aa')
    expect(ids(withOpen(kept, open, { sort: 'newest', limit: 4 }).rows)).toBe('dd ee cc bc')
  })
  test('has the slowest first, those that took as long by their ids from the first', () => {
    const slow = rowOf(0, 'z', { durationMs: 2 })
    const rows = withOpen({ rows: [slow, rowOf(0, 'b')], steps: [] }, open, {
      sort: 'slowest',
      limit: 4,
    }).rows
    expect(ids(rows)).toBe('zz bb bc dd')
  })
  test('leaves out what is not before the cursor, which counts all the same', () => {
    const [row] = open
    const found = withOpen({ rows: [], steps: [] }, row ? [{ ...row, onPage: false }] : [], {
      sort: 'newest',
      limit: 4,
    })
    expect(found).toEqual({ rows: [], steps: [step] })
    expect(withOpen(kept, open, { sort: 'newest', limit: 1 }).rows).toEqual([rowOf(9, 'd')])
  })
  test('has the steps of both, summed where a step has both, of every reason', () => {
    const rolled = snapshotReasons.map((reason, at) => stepOf(hour, reason, at, at + 0.4))
    const newer = snapshotReasons.map((reason) => stepOf(hour, reason, 1, 1.2))
    const newest = stepOf(2 * hour, 'slow', 2, 30.4)
    // Each row says its step: it counts once.
    const rows = [...newer, ...newer, newest].map((step) => openOf(rowOf(hour, 'x'), step))
    const { steps } = withOpen({ rows: [], steps: [stepOf(0, 'stall', 7, 9), ...rolled] }, rows, {
      sort: 'newest',
      limit: 1,
    })
    const summed = snapshotReasons.map((reason, at) => stepOf(hour, reason, at + 1, at + 2))
    expect(steps).toEqual([
      stepOf(0, 'stall', 7, 9),
      ...summed.sort((a, b) => (a.reason < b.reason ? -1 : 1)),
      stepOf(2 * hour, 'slow', 2, 30),
    ])
  })
})

const filter: SnapshotFilter = {
  fromMs: 0,
  toMs: 24 * hour,
  rolledUpMs: 23.5 * hour + 1,
  application: 'shop',
  naming: defaultNaming,
  service: everything,
  transaction: everything,
  reason: everything,
  version: everything,
  pod: everything,
  namespace: everything,
  exceptionType: everything,
  minMs: 0,
  maxMs: 0,
  text: '',
}

test.each([
  ['to the last whole minute that is', {}, 0, 23.5 * hour],
  ['of all, without an application', { application: '' }, 0, 24 * hour],
  [
    'of the first minute, if the range begins within it',
    { fromMs: 23.9 * hour + 1 },
    23.9 * hour + 1,
    23.9 * hour + minute,
  ],
  [
    'of nothing else, if the range ends within it',
    { fromMs: 23.9 * hour + 1, toMs: 23.9 * hour + 2 },
    23.9 * hour + 1,
    23.9 * hour + 2,
  ],
])('what is rolled up is asked %s', (_, over, fromMs, untilMs) => {
  const { kept, open } = partsOf({ ...filter, ...over })
  expect([kept.fromMs, kept.toMs, open.fromMs]).toEqual([fromMs, untilMs, untilMs])
})

describe('a search', () => {
  /** Answers each question with as many snapshots as `newest` has, and tells the ranges of those to pages of what is rolled up. */
  async function pagesAsked(found: number, over: Partial<SnapshotFilter> = {}, beforeMs?: number) {
    const asked: number[][] = []
    const all: number[][] = []
    const ask = (async ({ sql, params: { fromMs, toMs, limit } }) => {
      all.push([Number(fromMs) / hour, Number(toMs) / hour])
      if (sql.includes('onPage') || limit === undefined) return []
      asked.push([Number(fromMs) / hour, Number(toMs) / hour, Number(limit)])
      return Array.from({ length: Math.min(found, Number(limit)) }, (_, at) => rowOf(Number(fromMs), `${at}`))
    }) as Ask
    const before = beforeMs === undefined ? {} : { before: rowOf(beforeMs, 'x') }
    const { rows } = await findSnapshots(
      ask,
      { ...filter, ...over },
      { sort: 'newest', limit: 5, ...before },
      hour,
    )
    return { asked, rows: rows.length, questions: all.length }
  }

  test('finds the newest in the last hour, and before it only what is missing', async () => {
    expect(await pagesAsked(5)).toEqual({ asked: [[22.5, 23.5, 5]], rows: 5, questions: 3 })
    const both = [
      [22.5, 23.5, 5],
      [0, 22.5, 2],
    ]
    expect(await pagesAsked(3)).toEqual({ asked: both, rows: 5, questions: 4 })
    const early = [[1 / hour, 1 + 1 / hour, 5]]
    expect((await pagesAsked(5, {}, hour)).asked).toEqual(early)
  })
  test('asks for nothing newer where all is rolled up, and for nothing rolled up where nothing is', async () => {
    expect(await pagesAsked(5, { toMs: 20 * hour })).toMatchObject({ questions: 2 })
    expect(await pagesAsked(5, { rolledUpMs: 0 })).toEqual({ asked: [], rows: 0, questions: 1 })
  })
})
