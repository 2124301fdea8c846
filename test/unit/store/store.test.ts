import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as t from '../../../collector/record/table.ts'
import { createStore } from '../../../collector/service/store/create-store.ts'
import { byDay } from '../../../collector/service/store/insert.ts'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'
import { until } from '../../support/until.ts'

const readings = t.defineTable('readings', 'time', { time: t.timeNs, value: t.uint64, batch_id: t.string })
const day = 86_400_000_000_000n
const today = 20_000n * day

let clickhouse: TestClickHouse
beforeAll(async () => {
  clickhouse = await startTestClickHouse()
  await clickhouse.store.client.command({
    query: `CREATE TABLE readings (
      time DateTime64(9, 'UTC'), value UInt64, batch_id String, CONSTRAINT small CHECK value != 13
    ) ENGINE = MergeTree PARTITION BY toDate(time) ORDER BY time SETTINGS non_replicated_deduplication_window = 1000`,
  })
})
afterAll(() => clickhouse?.close())

const values = async (batchId: string) => {
  const sql = 'SELECT value FROM readings WHERE batch_id = {batchId:String} ORDER BY time, value'
  return (await clickhouse.store.query<{ value: number }>({ sql, params: { batchId } })).map(
    ({ value }) => value,
  )
}
const rowsOf = (batch_id: string, ...list: readonly (readonly [time: bigint, value: bigint])[]) => ({
  table: readings,
  rows: list.map(([time, value]) => ({ time, value, batch_id })),
})

describe('inserts', () => {
  test('rows of several days are stored, a part for each day', async () => {
    const rows = rowsOf('days', [today, 1n], [today + day - 1n, 2n], [today + day, 3n], [today - 1n, 0n])
    expect(await clickhouse.store.insert(rows, 'days')).toEqual({ type: 'stored', rows: 4 })
    expect(await values('days')).toEqual([0, 1, 2, 3])
    expect([...byDay(readings, rows.rows)].map(([number, { length }]) => [number, length])).toEqual([
      [20_000, 2],
      [20_001, 1],
      [19_999, 1],
    ])
  })

  test('no rows are stored at once', async () => {
    expect(await clickhouse.store.insert({ table: readings, rows: [] }, 'none')).toEqual({
      type: 'stored',
      rows: 0,
    })
  })

  test('the same token never doubles rows, another token does', async () => {
    const rows = rowsOf('token', [today, 1n], [today + day, 2n])
    for (const token of ['one', 'one', 'one', 'two']) await clickhouse.store.insert(rows, token)
    expect(await values('token')).toEqual([1, 1, 2, 2])
  })

  test('an answer that is lost does not double rows', async () => {
    const proxy = await startLossyProxy(clickhouse.url, 2)
    const store = createStore({ url: proxy.url, database: clickhouse.database })
    expect(await store.insert(rowsOf('lost', [today, 1n], [today, 2n]), 'lost')).toMatchObject({
      type: 'stored',
    })
    expect(proxy.lost()).toBe(2)
    expect(await values('lost')).toEqual([1, 2])
    await store.close()
    await proxy.close()
  })

  test('rows that the database refuses are refused at once, and none of their day is kept', async () => {
    const outcome = await clickhouse.store.insert(rowsOf('refused', [today, 1n], [today, 13n]), 'refused')
    expect(outcome).toMatchObject({
      type: 'refused',
      message: expect.stringMatching(/^cannot insert into readings: .*small/),
    })
    expect(await values('refused')).toEqual([])
  })

  test('rows that cannot be encoded are refused', async () => {
    const outcome = await clickhouse.store.insert(rowsOf('large', [today, 2n ** 64n]), 'large')
    expect(outcome).toMatchObject({
      type: 'refused',
      message: expect.stringMatching(/^cannot encode readings\.value: 18446744073709551616 is not between/),
    })
  })

  test.each([
    ['nothing listens', { url: 'http://127.0.0.1:9' }],
    ['the database is missing', { database: 'missing' }],
  ])('%s: unavailable after the deadline', async (_name, config) => {
    const store = createStore({
      url: clickhouse.url,
      database: clickhouse.database,
      insertRetryForMs: 100,
      ...config,
    })
    expect(await store.insert(rowsOf('away', [today, 1n]), 'away')).toMatchObject({ type: 'unavailable' })
    await store.close()
  })

  test('a table that is missing keeps the rows with the sender', async () => {
    const table = t.defineTable('missing', null, { a: t.uint8 })
    const store = createStore({ url: clickhouse.url, database: clickhouse.database, insertRetryForMs: 0 })
    expect(await store.insert({ table, rows: [{ a: 1 }] }, 'missing')).toMatchObject({ type: 'unavailable' })
    await store.close()
  })

  test('closing the store ends an insert that is tried again', async () => {
    const store = createStore({ url: 'http://127.0.0.1:9', database: 'default', insertRetryForMs: 60_000 })
    const outcome = store.insert(rowsOf('closed', [today, 1n]), 'closed')
    await store.close()
    expect(await outcome).toMatchObject({ type: 'unavailable' })
  })
})

test('a batch is found within its days only', async () => {
  await clickhouse.store.insert(rowsOf('agent/boot/7', [today, 1n]), 'agent/boot/7')
  const has = (batchId: string, days: string[]) => clickhouse.store.hasBatch(readings, batchId, days)
  expect(await has('agent/boot/7', ['2024-10-03', '2024-10-04'])).toBe(true)
  expect(await has('agent/boot/7', ['2024-10-03'])).toBe(false)
  expect(await has('agent/boot/7', [])).toBe(false)
  expect(await has('agent/boot/8', ['2024-10-04'])).toBe(false)
})

describe('queries', () => {
  const ask = (sql: string, params = {}) => clickhouse.store.query({ sql, params })

  test('integers beyond 2^53 come as bigint, all others as numbers', async () => {
    const [row] = await ask(
      "SELECT toUInt64(18446744073709551615) AS big, toInt64(-9007199254740993) AS negative, toUInt64(9007199254740991) AS safe, 1.5e300 AS float, '18446744073709551615' AS text, [toUInt64(9007199254740993)] AS list",
    )
    expect(row).toEqual({
      big: 18446744073709551615n,
      negative: -9007199254740993n,
      safe: Number.MAX_SAFE_INTEGER,
      float: 1.5e300,
      text: '18446744073709551615',
      list: [9007199254740993n],
    })
  })

  test('values of parameters arrive as they are', async () => {
    const texts = ['', "it's", 'a\tb\nc\rd', 'back\\slash \\n', '{x:String} & %41+ü', "a; SELECT 1; --'"]
    const sql =
      'SELECT {texts:Array(String)} AS texts, {text:String} AS text, {yes:Bool} AS yes, {n:Int64} AS n'
    for (const text of texts)
      expect(await ask(sql, { texts, text, yes: true, n: -9007199254740993n, unnamed: { a: 1 } })).toEqual([
        { texts, text, yes: true, n: -9007199254740993n },
      ])
  })

  test('a query that takes too long or too much memory is ended', async () => {
    const small = createStore({
      url: clickhouse.url,
      database: clickhouse.database,
      queryMaxExecutionSeconds: 0.3,
      queryMaxMemoryBytes: 20_000_000,
    })
    const slow = 'SELECT max(cityHash64(number)) FROM numbers(1000000000000)'
    const large = 'SELECT length(groupArray(number)) FROM numbers(100000000)'
    await expect(small.query({ sql: slow, params: {} })).rejects.toMatchObject({ code: '159' })
    await expect(small.query({ sql: large, params: {} })).rejects.toMatchObject({ code: '241' })
    await small.close()
  })

  test('a query cannot write', async () => {
    await expect(
      ask('INSERT INTO readings SELECT now64(9), 1, {b:String}', { b: 'x' }),
    ).rejects.toMatchObject({
      code: '164',
    })
  })

  test('an aborted query rejects and ends in the database', async () => {
    const abort = new AbortController()
    const sql = 'SELECT count() FROM numbers(1000000000000) WHERE cityHash64(number) = 2'
    const query = clickhouse.store.query({ sql, params: {} }, { signal: abort.signal })
    const ended = expect(query).rejects.toThrow()
    const running = async () => {
      const [row] = (await ask(
        "SELECT count() AS n FROM system.processes WHERE query LIKE '%cityHash64(number) = 2%' AND query NOT LIKE '%processes%'",
      )) as { n: number }[]
      return row?.n
    }
    await until(async () => (await running()) === 1)
    abort.abort()
    await ended
    await until(async () => (await running()) === 0)
  })
})

/** Forwards whole requests and loses the first answers after the database has given them. */
async function startLossyProxy(target: string, loseFirst: number) {
  let lost = 0
  const server: Server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray())
    const headers = { 'Content-Type': String(request.headers['content-type'] ?? '') }
    const answer = await fetch(target + request.url, { method: 'POST', body: new Uint8Array(body), headers })
    const text = await answer.text()
    if (lost < loseFirst) {
      lost++
      response.destroy()
      return
    }
    const code = answer.headers.get('x-clickhouse-exception-code')
    response.writeHead(answer.status, code ? { 'X-ClickHouse-Exception-Code': code } : {}).end(text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lost: () => lost,
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}
