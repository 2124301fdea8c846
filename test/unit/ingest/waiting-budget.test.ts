import { expect, test } from 'vitest'
import { createWaitingBudget } from '../../../collector/service/ingest/waiting-budget.ts'

/** What every request costs beside its body. */
const requestBytes = 1_024
const spans = (rows: number) => [{ table: 'spans', day: 1, rows }]

test('bytes of bodies and blocks: what fits exactly enters, a byte more does not', () => {
  const budget = createWaitingBudget({ bytesWaitingMax: 10_000, rowsWaitingMax: 100 })
  const first = budget.enter('a', 1_000)
  first?.decoded(spans(1), 3_000)
  const room = 10_000 - (1_000 + requestBytes + 3_000) - requestBytes
  expect(budget.enter('b', room + 1)).toBe(undefined)
  const second = budget.enter('b', room)
  expect(budget.bytes()).toBe(10_000)
  first?.leave()
  second?.leave()
  expect([budget.bytes(), budget.rows(), budget.rowsByTable().get('spans')]).toEqual([0, 0, 0])
})

test('rows: below the bound one more request enters, at the bound none', () => {
  const budget = createWaitingBudget({ bytesWaitingMax: 1e9, rowsWaitingMax: 100 })
  budget.enter('a', 1)?.decoded(spans(50), 1)
  const second = budget.enter('b', 1)
  second?.decoded(spans(49), 1)
  expect([budget.mayDecode('c'), budget.enter('c', 1) !== undefined]).toEqual([true, true])
  budget.enter('c', 1)?.decoded(spans(1), 1)
  expect([budget.mayDecode('c'), budget.enter('c', 1)]).toEqual([false, undefined])
  second?.leave()
  expect([budget.mayDecode('c'), budget.enter('c', 1) !== undefined]).toEqual([true, true])
})

test('one sender holds three quarters at the most, and the rest is for others', () => {
  const bytes = createWaitingBudget({ bytesWaitingMax: 100_000, rowsWaitingMax: 1e9 })
  bytes.enter('flood', 40_000)
  expect(bytes.enter('flood', 75_000 - 40_000 - 2 * requestBytes + 1)).toBe(undefined)
  expect(bytes.enter('flood', 75_000 - 40_000 - 2 * requestBytes)).toBeDefined()
  expect(bytes.enter('other', 20_000)).toBeDefined()

  const rows = createWaitingBudget({ bytesWaitingMax: 1e9, rowsWaitingMax: 100 })
  rows.enter('flood', 1)?.decoded(spans(75), 1)
  expect([rows.mayDecode('flood'), rows.enter('flood', 1)]).toEqual([false, undefined])
  expect([rows.mayDecode('other'), rows.enter('other', 1) !== undefined]).toEqual([true, true])
})

test('a request that finds nothing waiting enters whatever its size', () => {
  const budget = createWaitingBudget({ bytesWaitingMax: 10, rowsWaitingMax: 10 })
  const ticket = budget.enter('a', 1_000_000)
  expect(ticket).toBeDefined()
  expect(budget.enter('b', 0)).toBe(undefined)
  ticket?.leave()
  expect(budget.enter('b', 0)).toBeDefined()
})
