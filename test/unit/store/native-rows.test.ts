import { afterAll, beforeAll, expect, test } from 'vitest'
import type { OtlpSignal } from '../../../collector/record/otlp.ts'
import { logsTable, metricsTable } from '../../../collector/record/signal.ts'
import { spansTable } from '../../../collector/record/span.ts'
import type { AnyTable } from '../../../collector/record/table.ts'
import { createBlockDecoder } from '../../../collector/wire/block-decoder.ts'
import { drawRequest } from '../../property/fuzz/draw-request.ts'
import { receivedAtMs } from '../../property/fuzz/draw-values.ts'
import { Random, seedOf } from '../../property/fuzz/random.ts'
import { writeRequest } from '../../property/fuzz/write-request.ts'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'
import { readNative } from '../../support/read-native.ts'
import { decodeByReference } from '../../support/reference/decode-request.ts'
import { differences, sameValue } from '../../support/same-value.ts'

let clickhouse: TestClickHouse
beforeAll(async () => {
  clickhouse = await startTestClickHouse()
  for (const { name } of Object.values(tables)) {
    // The rows are of a day long ago, and some have equal keys.
    await clickhouse.store.client.command({ query: `ALTER TABLE ${name} REMOVE TTL` })
    await clickhouse.store.client.command({ query: `SYSTEM STOP MERGES ${name}` })
  }
})
afterAll(() => clickhouse?.close())

async function ask(sql: string, body?: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const url = `${clickhouse.url}/?database=${clickhouse.database}&optimize_on_insert=0&query=${encodeURIComponent(sql)}`
  const response = await fetch(url, { method: 'POST', ...(body ? { body } : {}) })
  const bytes = new Uint8Array(await response.arrayBuffer())
  if (!response.ok) throw new Error(Buffer.from(bytes).toString())
  return bytes
}

const tables: Readonly<Record<OtlpSignal, AnyTable>> = {
  traces: spansTable,
  logs: logsTable,
  metrics: metricsTable,
}
const requests = 150

test.each(Object.entries(tables) as [OtlpSignal, AnyTable][])(
  'what ClickHouse stores of the columns of %s is what the reference reads in the bytes',
  async (signal, table) => {
    const seed = Date.now() % 1_000_000_007
    console.log(`seed ${seed}`)
    const blocks = createBlockDecoder()
    const want: object[] = []
    for (let index = 0; index < requests; index++) {
      const random = new Random(seedOf(seed, index))
      const body = writeRequest(drawRequest(random, signal), { free: true, dirty: true }, random)
      // The batch id tells the rows of one request from those of another.
      const context = { receivedAtMs, batchId: `batch ${index}` }
      blocks.append({ signal, encoding: 'protobuf', body }, context)
      const reference = decodeByReference(signal, body, context)
      if (reference.type === 'decoded')
        want.push(...reference.rows.filter((row) => row.table === table.name).map(({ row }) => row))
    }
    for (const block of blocks.seal())
      if (block.table === table.name) await ask(`INSERT INTO ${table.name} FORMAT Native`, block.bytes)
    const names = Object.keys(table.columns).join(', ')
    const got = readNative(await ask(`SELECT ${names} FROM ${table.name} FORMAT Native`))
    expect(want.length).toBeGreaterThan(requests / 4)
    expect(got).toHaveLength(want.length)
    for (const row of want) {
      const index = got.findIndex((one) => sameValue(one, row))
      const near = got.find((one) => one['batch_id'] === (row as { batch_id: string }).batch_id)
      expect(index, near && differences(near, row)).toBeGreaterThanOrEqual(0)
      got.splice(index, 1)
    }
  },
)

test('points of two scopes with the same name, attributes and time both stay; a point that comes again does not', async () => {
  const columns = `metric, time, scope_name, value`
  const values = (scope: string, value: number) => `('m', '2023-11-14 12:00:00', '${scope}', ${value})`
  for (const rows of [`${values('a', 1)}, ${values('b', 2)}`, values('a', 1)])
    await clickhouse.store.client.command({ query: `INSERT INTO metrics (${columns}) VALUES ${rows}` })
  expect(
    await clickhouse.store.query({
      sql: `SELECT scope_name, value FROM metrics FINAL WHERE metric = 'm' ORDER BY scope_name`,
      params: {},
    }),
  ).toEqual([
    { scope_name: 'a', value: 1 },
    { scope_name: 'b', value: 2 },
  ])
})
