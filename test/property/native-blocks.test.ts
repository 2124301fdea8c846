import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OtlpSignal } from '../../collector/record/otlp.ts'
import { logsTable, metricsTable } from '../../collector/record/signal.ts'
import { spansTable } from '../../collector/record/span.ts'
import type { AnyTable, RowOf } from '../../collector/record/table.ts'
import { UnencodableValue } from '../../collector/wire/columns/column.ts'
import { nativeOf, TableBlock } from '../../collector/wire/columns/table-block.ts'
import type { DecodeResult } from '../../collector/wire/decoded.ts'
import { decodeLogs } from '../../collector/wire/log-decoder.ts'
import { decodeMetrics } from '../../collector/wire/metric-decoder.ts'
import { decodeTraces } from '../../collector/wire/trace-decoder.ts'
import { startTestClickHouse, type TestClickHouse } from '../support/clickhouse.ts'
import { nowNs, requests, toProtobuf } from './wire-model.ts'

const context = { receivedAtMs: Number(nowNs / 1_000_000n), batchId: 'batch' }
const tables: Record<OtlpSignal, AnyTable> = { traces: spansTable, logs: logsTable, metrics: metricsTable }
const seed = Number(process.env['BINNACLE_TEST_SEED'] ?? Date.now() % 1_000_000)

let clickHouse: TestClickHouse
beforeAll(async () => {
  clickHouse = await startTestClickHouse()
  // The generated times lie years back.
  for (const { name } of Object.values(tables))
    await clickHouse.store.client.command({ query: `ALTER TABLE ${name} REMOVE TTL` })
})
afterAll(() => clickHouse?.close())

function rowsOf(signal: OtlpSignal, body: Uint8Array): readonly RowOf<AnyTable>[] {
  const request = { signal, encoding: 'protobuf', body } as const
  if (signal === 'traces') return taken(decodeTraces(request, context))
  if (signal === 'metrics') return taken(decodeMetrics(request, context))
  return taken(decodeLogs(request, context)).flatMap((item) => (item.type === 'log' ? [item.row] : []))
}

function taken<Row>(decoded: DecodeResult<Row>): readonly Row[] {
  if (decoded.type === 'invalid') throw new Error(decoded.message)
  return decoded.rows
}

let inserts = 0
async function insertNative(table: AnyTable, bytes: Uint8Array, rows: number): Promise<void> {
  const outcome = await clickHouse.store.insertNative({ table, blocks: [bytes], rows }, `native ${inserts++}`)
  expect(outcome).toEqual({ type: 'stored', rows })
}

const contents = (table: AnyTable) =>
  clickHouse.store.query({
    sql: `SELECT ${Object.keys(table.columns as object).join(', ')} FROM ${table.name} ORDER BY ALL`,
    params: {},
  })

const truncate = (table: AnyTable) =>
  clickHouse.store.client.command({ query: `TRUNCATE TABLE ${table.name}` })

describe.each(['traces', 'logs', 'metrics'] as const)('%s', (signal) => {
  const table = tables[signal]
  const models = fc.sample(requests[signal], { numRuns: 300, seed })

  test(`Native blocks store what RowBinary stores (seed ${seed})`, async () => {
    const rows = models.flatMap((model) => rowsOf(signal, toProtobuf(model)))
    expect(rows.length).toBeGreaterThan(50)
    await truncate(table)
    expect(await clickHouse.store.insert({ table, rows }, `native ${signal} ${seed}`)).toMatchObject({
      type: 'stored',
    })
    const want = await contents(table)
    await truncate(table)
    const block = new TableBlock(table)
    const third = Math.ceil(rows.length / 3)
    for (let at = 0; at < rows.length; at += third) {
      // The same memory again.
      block.clear()
      for (const row of rows.slice(at, at + third)) block.append(row)
      await insertNative(table, nativeOf(block), block.rows)
    }
    expect(await contents(table)).toEqual(want)
  })

  test('rows that are taken back leave no trace', () => {
    const rows = models.slice(0, 20).flatMap((model) => rowsOf(signal, toProtobuf(model)))
    const [first, second] = [new TableBlock(table), new TableBlock(table)]
    const half = Math.floor(rows.length / 2)
    for (const row of rows.slice(0, half)) {
      first.append(row)
      second.append(row)
    }
    const size = second.size()
    for (const row of rows.slice(half)) second.append(row)
    second.cutTo(size)
    expect(second.rows).toBe(half)
    expect(second.size()).toEqual(first.size())
  })

  test('a value that its column cannot hold is refused, and the block stays as it was', () => {
    const [row] = rowsOf(
      signal,
      toProtobuf(models.find((model) => rowsOf(signal, toProtobuf(model)).length > 0) ?? []),
    )
    const block = new TableBlock(table)
    block.append(row as RowOf<AnyTable>)
    const size = block.size()
    expect(() => block.append({ ...(row as object), flags: 2 ** 40 } as RowOf<AnyTable>)).toThrow(
      new UnencodableValue(`cannot encode ${table.name}.flags`),
    )
    expect(block.size()).toEqual(size)
  })
})

test('a dictionary of more than 256 and of more than 65,536 words', async () => {
  const table = logsTable
  const model = fc
    .sample(requests.logs, { numRuns: 50, seed })
    .flatMap((one) => rowsOf('logs', toProtobuf(one)))[0]
  for (const count of [300, 70_000]) {
    const block = new TableBlock(table)
    for (let at = 0; at < count; at++)
      block.append({ ...(model as RowOf<typeof logsTable>), severity_text: `word ${at}`, body: `word ${at}` })
    await truncate(table)
    await insertNative(table, nativeOf(block), block.rows)
    const sql =
      'SELECT count() AS n, countIf(severity_text = body) AS same, uniqExact(severity_text) AS words FROM logs'
    expect(await clickHouse.store.query({ sql, params: {} })).toEqual([
      { n: count, same: count, words: count },
    ])
  }
})
