import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  builtInRules,
  compareViolations,
  runHealthRules,
} from '../../../collector/service/health/health-rules.ts'
import { type ViolationListRow, violationsQuery } from '../../../collector/service/query/violations.ts'
import { systemClock } from '../../../collector/std/clock.ts'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'
import { seedDemo } from '../../support/seed.ts'

let clickHouse: TestClickHouse
const nowMs = Math.floor(Date.now() / 60_000) * 60_000
beforeAll(async () => {
  clickHouse = await startTestClickHouse()
  await seedDemo(clickHouse.store, { nowMs, minutes: 5, tracesPerMinute: 10 })
})
afterAll(() => clickHouse?.close())

const runAt = (atMs: number) => {
  const { store } = clickHouse
  const none = { list: async () => [], newest: async () => [] }
  const rules = builtInRules({ store, slos: none, transactionSettings: none, unjudged: { add() {} } })
  return runHealthRules({ store, clock: { ...systemClock, nowMs: () => atMs } }, rules, 15_000)
}

test('violations open once, stay while the finding lasts, and close when it is gone', async () => {
  const opened = await runAt(nowMs)
  expect(opened.map((row) => [row.rule, row.entity]).sort()).toEqual([
    ['pod-crash-looping', 'pagamenti-59cc-0'],
    // Runs at this moment, between two crashes.
    ['pod-crash-looping', 'spedizioni-66b9-0'],
    ['pod-image-pull', 'catalogo-7bb5-0'],
    ['pod-pending', 'report-0'],
  ])
  expect(await runAt(nowMs + 15_000)).toEqual([])
  // Ten minutes on: two more pods have waited too long, and the agent has been silent.
  const later = await runAt(nowMs + 600_000)
  expect(later.map((row) => row.rule).sort()).toEqual([
    'agent-silent',
    'pod-crash-looping',
    'pod-pending',
    'pod-pending',
  ])
  const listed = await clickHouse.store.query<ViolationListRow>(
    violationsQuery({ fromMs: nowMs, toMs: nowMs + 700_000 }),
  )
  // The one between crashes has been quiet for long enough by then.
  expect(listed.map((row) => row.closedMs > 0).sort()).toEqual([
    false,
    false,
    false,
    false,
    false,
    false,
    true,
  ])
})

test('a finding that is gone closes its violation; one that two replicas saw has one id', () => {
  const finding = {
    rule: 'pod-pending',
    severity: 'warning',
    entityKind: 'Pod',
    entity: 'a',
    clusterId: 'c',
    namespace: 'n',
    application: '',
    message: 'm',
  } as const
  const open = { ...finding, violationId: 'v1', openedMs: 1 }
  const compare = (findings: (typeof finding)[], known: (typeof open)[], at = 30_000) =>
    compareViolations({ findings, open: known, nowMs: at, stepMs: 15_000 })
  expect(compare([finding], [open])).toEqual([])
  expect(compare([], [open])).toMatchObject([{ violation_id: 'v1', opened_at: 1, closed_at: 30_000 }])
  const [first] = compare([finding], [])
  const [second] = compare([finding], [], 31_000)
  expect(first?.closed_at).toBe(0)
  expect(first?.violation_id).toBe(second?.violation_id)
})
