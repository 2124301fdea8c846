import { createReadStream } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text as readText } from 'node:stream/consumers'
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'
import { until } from '../../support/until.ts'

/** What the service and plain HTTP tools need of ClickHouse's HTTP protocol; a real server passes it as well. */

let clickhouse: TestClickHouse
let client: ClickHouseClient
const onEmbedded = process.env['BINNACLE_TEST_CLICKHOUSE_URL'] === undefined

beforeAll(async () => {
  clickhouse = await startTestClickHouse()
  client = createClient({
    url: clickhouse.url,
    database: clickhouse.database,
    log: { level: ClickHouseLogLevel.OFF },
  })
  await client.command({
    query: `CREATE TABLE rows (
      id UInt32, name String DEFAULT 'unnamed', tags Map(String, String), twice UInt64 MATERIALIZED id * 2
    ) ENGINE = MergeTree ORDER BY id`,
  })
})
afterAll(async () => {
  await client?.close()
  await clickhouse?.close()
})

interface Sent {
  readonly parameters?: Record<string, string>
  readonly body?: string | Uint8Array<ArrayBuffer>
  readonly method?: string
  readonly headers?: Record<string, string>
}

/** Plain HTTP; the answer is read whole. */
async function send({ parameters = {}, body, method, headers = {} }: Sent) {
  const url = new URL(clickhouse.url)
  url.search = new URLSearchParams({ database: clickhouse.database, ...parameters }).toString()
  const response = await fetch(url, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers,
    ...(body === undefined ? {} : { body }),
  })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

const ask = async (sql: string) => (await send({ body: sql })).text.trim()
const clear = () => ask('TRUNCATE TABLE rows')

describe('plain requests', () => {
  test('ping and replicas_status answer Ok.', async () => {
    for (const path of ['/ping', '/', '/replicas_status'])
      expect(await (await fetch(clickhouse.url + path)).text()).toBe('Ok.\n')
  })

  test('a query travels in the URL, in the body, or begins in one and goes on in the other', async () => {
    expect((await send({ parameters: { query: 'SELECT 1' } })).text).toBe('1\n')
    expect((await send({ body: 'SELECT 2' })).text).toBe('2\n')
    expect((await send({ parameters: { query: 'SELECT 3' }, body: ' + 4' })).text).toBe('7\n')
  })

  test('the database comes from a parameter or a header', async () => {
    const url = `${clickhouse.url}/?query=SELECT+currentDatabase()`
    expect(await (await fetch(url)).text()).toBe('default\n')
    expect(await (await fetch(`${url}&database=system`)).text()).toBe('system\n')
    const headers = { 'X-ClickHouse-Database': 'system' }
    expect(await (await fetch(url, { headers })).text()).toBe('system\n')
  })

  test.each([
    ['TabSeparated', 'text/tab-separated-values; charset=UTF-8'],
    ['JSON', 'application/json; charset=UTF-8'],
    ['JSONCompact', 'application/json; charset=UTF-8'],
    ['JSONEachRow', 'application/x-ndjson; charset=UTF-8'],
    ['JSONCompactEachRow', 'application/x-ndjson; charset=UTF-8'],
    ['CSV', 'text/csv; charset=UTF-8; header=absent'],
    ['CSVWithNames', 'text/csv; charset=UTF-8; header=present'],
    ['XML', 'application/xml; charset=UTF-8'],
    ['Pretty', 'text/plain; charset=UTF-8'],
    ['RowBinary', 'application/octet-stream'],
    ['Native', 'application/octet-stream'],
  ])('%s by FORMAT and by default_format has its content type', async (format, type) => {
    const byClause = await send({ body: `SELECT 1 AS a FORMAT ${format}` })
    const byParameter = await send({ body: 'SELECT 1 AS a', parameters: { default_format: format } })
    const byHeader = await send({ body: 'SELECT 1 AS a', headers: { 'X-ClickHouse-Format': format } })
    for (const { headers, text } of [byClause, byParameter, byHeader]) {
      expect(headers.get('content-type')).toBe(type)
      expect(headers.get('x-clickhouse-format')).toBe(format)
      expect(text).not.toBe('')
    }
  })

  test('answers carry the query id, a summary, the time zone and the name of the server', async () => {
    const { headers } = await send({ body: 'SELECT 1', parameters: { query_id: 'mine-1' } })
    expect(headers.get('x-clickhouse-query-id')).toBe('mine-1')
    expect(JSON.parse(headers.get('x-clickhouse-summary') ?? '')).toHaveProperty('read_rows')
    expect(headers.get('x-clickhouse-timezone')).toBe(await ask('SELECT timezone()'))
    expect(headers.get('x-clickhouse-server-display-name')).toBeTruthy()
    expect((await send({ body: 'SELECT 1' })).headers.get('x-clickhouse-query-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('a large query parameter fits into the URL', async () => {
    const param_text = 'x'.repeat(300_000)
    expect((await send({ body: 'SELECT length({text:String})', parameters: { param_text } })).text).toBe(
      '300000\n',
    )
  })
})

describe('errors', () => {
  test.each([
    ['SELEC 1', 400, '62'],
    ['SELECT * FROM missing', 404, '60'],
    ['SELECT * FROM missing.missing', 404, '81'],
    ['SELECT missing(1)', 404, '46'],
    ['SELECT missing', 404, '47'],
    ['SELECT 1 FORMAT Missing', 404, '73'],
    ['SELECT 1; SELECT 2', 400, '62'],
    ['SELECT throwIf(1)', 500, '395'],
    ['SELECT {missing:String}', 500, '456'],
    [
      'SELECT max(cityHash64(number)) FROM numbers(1000000000000) SETTINGS max_execution_time = 0.3',
      408,
      '159',
    ],
    [
      'SELECT length(groupArray(number)) FROM numbers(100000000) SETTINGS max_memory_usage = 10000000',
      500,
      '241',
    ],
    ["SELECT 1 INTO OUTFILE '/tmp/never'", 500, '358'],
  ])('%s', async (body, status, code) => {
    const answer = await send({ body })
    expect(answer.headers.get('x-clickhouse-exception-code')).toBe(code)
    expect(answer.status).toBe(status)
    expect(answer.text).toMatch(new RegExp(`^Code: ${code}\\. DB::Exception: `))
  })

  test('an unknown setting is the error of ClickHouse', async () => {
    const { status, text } = await send({ body: 'SELECT 1', parameters: { no_such_setting: '1' } })
    expect([status, text]).toEqual([
      404,
      expect.stringMatching(/^Code: 115\. DB::Exception: .*no_such_setting/),
    ])
  })

  test('bad rows say what is wrong, and nothing of them is kept', async () => {
    await clear()
    const body = '{"id": 1}\n{"id": "x"}\n'
    const answer = await send({ parameters: { query: 'INSERT INTO rows FORMAT JSONEachRow' }, body })
    expect(answer.status).toBe(400)
    expect(answer.text).toMatch(/^Code: 27\. DB::Exception: Cannot parse input/)
    expect(answer.text).not.toMatch(/spill|INFILE/)
    expect(await ask('SELECT count() FROM rows')).toBe('0')
  })

  test('GET cannot change anything', async () => {
    const { headers } = await send({ parameters: { query: 'DROP TABLE rows' } })
    expect(headers.get('x-clickhouse-exception-code')).toBe('164')
    expect(await ask('EXISTS TABLE rows')).toBe('1')
  })

  test('a path that is not served is 404', async () => {
    expect((await fetch(`${clickhouse.url}/nowhere`)).status).toBe(404)
  })
})

describe('settings and parameters', () => {
  test('settings in the URL hold for one query only', async () => {
    const body = "SELECT value FROM system.settings WHERE name = 'max_block_size'"
    const usual = await ask(body)
    expect((await send({ body, parameters: { max_block_size: '1234' } })).text).toBe('1234\n')
    expect(await ask(body)).toBe(usual)
    await ask('SET max_block_size = 4321')
    expect(await ask(body)).toBe(usual)
  })

  test('readonly holds for one query only', async () => {
    const { headers } = await send({ body: 'TRUNCATE TABLE rows', parameters: { readonly: '1' } })
    expect(headers.get('x-clickhouse-exception-code')).toBe('164')
    await clear()
  })

  test('a parameter is not seen by the next query', async () => {
    expect((await send({ body: 'SELECT {p:UInt8}', parameters: { param_p: '7' } })).text).toBe('7\n')
    expect((await send({ body: 'SELECT {p:UInt8}' })).text).toMatch(/^Code: 456/)
  })

  test('parameters at the same time do not mix', async () => {
    const numbers = Array.from({ length: 60 }, (_, n) => String(n))
    const answers = numbers.map((n) => send({ body: 'SELECT {p:UInt8}', parameters: { param_p: n } }))
    expect((await Promise.all(answers)).map(({ text }) => text.trim())).toEqual(numbers)
  })

  test('the client binds every kind of value', async () => {
    const params = {
      text: 'it\'s "q" \\ tab\t line\n ünï 🚢 `b` {x:Y}',
      list: ['a', "b'c"],
      number: 42,
      map: { 'k\\': "v'" },
      none: null,
      on: true,
      time: new Date('2026-03-04T05:06:07Z'),
    }
    const result = await client.query({
      query: `SELECT {text:String} AS text, {list:Array(String)} AS list, {number:Int32} AS number,
        {map:Map(String, String)} AS map, {none:Nullable(String)} AS none, {on:Bool} AS on,
        toUnixTimestamp({time:DateTime}) AS time, {table:Identifier}.id AS id FROM (SELECT 5 AS id) AS t`,
      query_params: { ...params, table: 't' },
      format: 'JSONEachRow',
    })
    expect(await result.json()).toEqual([{ ...params, time: params.time.getTime() / 1000, id: 5 }])
  })
})

describe('inserts', () => {
  const select = 'SELECT id, name, tags, twice FROM rows ORDER BY id FORMAT JSONCompactEachRow'
  const one = '[1, "a\\\\b", {"k":"v"}, 2]'

  test.each([
    ['JSONEachRow', '', '{"id":1,"name":"a\\\\b","tags":{"k":"v"}}'],
    ['TSV', '', "1\ta\\\\b\t{'k':'v'}\n"],
    ['CSV', '', `1,"a\\b","{'k':'v'}"\n`],
    ['CSVWithNames', '', `name,id,tags\n"a\\b",1,"{'k':'v'}"\n`],
    ['Values', '', "(1, 'a\\\\b', map('k', 'v'))"],
    [
      'RowBinary',
      '(id, name, tags)',
      Buffer.from('01000000 03615c62 01 016b 0176'.replaceAll(' ', ''), 'hex'),
    ],
  ])('%s with the statement in the URL or in front of the rows', async (format, columns, rows) => {
    await clear()
    const query = `INSERT INTO rows ${columns} FORMAT ${format}`
    expect(await send({ parameters: { query }, body: new Uint8Array(Buffer.from(rows)) })).toMatchObject({
      status: 200,
    })
    expect(await ask(select)).toBe(one)
    await clear()
    const body = new Uint8Array(Buffer.concat([Buffer.from(`${query}\n`), Buffer.from(rows)]))
    expect(await send({ body })).toMatchObject({ status: 200, text: '' })
    expect(await ask(select)).toBe(one)
  })

  test('Native and Parquet, as the database itself writes them', async () => {
    for (const format of ['Native', 'Parquet', 'Arrow']) {
      await clear()
      const url = `${clickhouse.url}/?query=${encodeURIComponent(`SELECT toUInt32(number) AS id FROM numbers(1000) FORMAT ${format}`)}`
      const body = new Uint8Array(await (await fetch(url)).arrayBuffer())
      const query = `INSERT INTO rows (id) FORMAT ${format}`
      expect(await send({ parameters: { query }, body })).toMatchObject({ status: 200 })
      expect(await ask('SELECT count(), sum(twice), any(name) FROM rows')).toBe('1000\t999000\tunnamed')
    }
  })

  test('VALUES takes expressions, defaults, parameters and bytes that are not UTF-8', async () => {
    await clear()
    const query = 'INSERT INTO rows (id, name) VALUES'
    await send({
      parameters: { query, param_name: "it's" },
      body: "(1, DEFAULT), (1 + 1, upper('x')), (3, {name:String})",
    })
    await send({
      body: new Uint8Array(Buffer.from("INSERT INTO rows (id, name) VALUES (4, '\xff\x00')", 'latin1')),
    })
    const names = await ask('SELECT groupArray(hex(name)) FROM (SELECT name FROM rows ORDER BY id)')
    const hex = (text: string) => Buffer.from(text, 'latin1').toString('hex').toUpperCase()
    expect(names).toBe(`['${['unnamed', 'X', "it's", '\xff\x00'].map(hex).join("','")}']`)
  })

  test('settings of the statement and of the URL hold', async () => {
    await clear()
    const query = 'INSERT INTO rows (id) SETTINGS input_format_skip_unknown_fields = 0 FORMAT JSONEachRow'
    expect((await send({ parameters: { query }, body: '{"id":1,"x":1}' })).text).toMatch(/^Code: 117/)
    const parameters = { query: 'INSERT INTO rows FORMAT JSONEachRow', input_format_skip_unknown_fields: '1' }
    expect((await send({ parameters, body: '{"id":1,"x":1}' })).status).toBe(200)
  })

  test('INSERT … SELECT, and an INSERT of no rows', async () => {
    await clear()
    expect(await ask('INSERT INTO rows (id) SELECT number FROM numbers(10)')).toBe('')
    expect(
      await send({ parameters: { query: 'INSERT INTO rows FORMAT RowBinary' }, body: '' }),
    ).toMatchObject({
      status: 200,
    })
    expect(await ask('SELECT count() FROM rows')).toBe('10')
  })

  test('the summary counts the written rows', async () => {
    const query = 'INSERT INTO rows (id) FORMAT TSV'
    const { headers } = await send({ parameters: { query }, body: '1\n2\n3\n' })
    expect(JSON.parse(headers.get('x-clickhouse-summary') ?? '')).toMatchObject({ written_rows: '3' })
  })

  test('a table whose name is a keyword', async () => {
    await ask('CREATE TABLE IF NOT EXISTS settings (format UInt8) ENGINE = MergeTree ORDER BY format')
    expect(await ask('INSERT INTO settings (format) FORMAT TSV\n1\n2\n')).toBe('')
    expect(await ask('SELECT format FROM settings ORDER BY format')).toBe('1\n2')
  })

  test('a sender that goes away in the middle of the rows leaves none', async () => {
    await clear()
    const query = 'INSERT INTO rows (id) FORMAT TSV'
    const url = `${clickhouse.url}/?${new URLSearchParams({ query, database: clickhouse.database })}`
    const sending = request(url, { method: 'POST', headers: { 'Transfer-Encoding': 'chunked' } })
    sending.once('error', () => {})
    sending.write('1\n2\n3\n')
    await new Promise((resolve) => setTimeout(resolve, 100))
    sending.destroy()
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(await ask('SELECT count() FROM rows')).toBe('0')
  })
})

describe('compression', () => {
  test.each([
    ['gzip', gzipSync('1\n2\n')],
    ['zstd', zstdCompressSync('1\n2\n')],
  ])('a %s body is inflated', async (encoding, bytes) => {
    await clear()
    const answer = await send({
      parameters: { query: 'INSERT INTO rows (id) FORMAT TSV' },
      body: new Uint8Array(bytes),
      headers: { 'Content-Encoding': encoding },
    })
    expect(answer.status).toBe(200)
    expect(await ask('SELECT count() FROM rows')).toBe('2')
  })

  test('a body that cannot be inflated is refused', async () => {
    const { status } = await send({
      parameters: { query: 'INSERT INTO rows (id) FORMAT TSV' },
      body: 'not gzip',
      headers: { 'Content-Encoding': 'gzip' },
    })
    expect(status).toBeGreaterThanOrEqual(400)
  })

  test('an answer is compressed when asked for', async () => {
    const get = (enable: string) =>
      new Promise<{ encoding: string | undefined; body: Buffer }>((resolve, reject) => {
        const url = `${clickhouse.url}/?query=SELECT+1&enable_http_compression=${enable}`
        request(url, { headers: { 'Accept-Encoding': 'gzip' } }, async (response) => {
          const body = Buffer.concat(await response.toArray())
          resolve({ encoding: response.headers['content-encoding'], body })
        })
          .once('error', reject)
          .end()
      })
    const plain = await get('0')
    expect([plain.encoding, String(plain.body)]).toEqual([undefined, '1\n'])
    const packed = await get('1')
    expect([packed.encoding, String(gunzipSync(packed.body))]).toEqual(['gzip', '1\n'])
  })
})

describe('@clickhouse/client', () => {
  test('reads json and streams rows', async () => {
    const query = 'SELECT number, toString(number) AS text FROM numbers(100000)'
    const json = await (await client.query({ query: 'SELECT 1 AS a', format: 'JSON' })).json()
    expect(json).toMatchObject({ data: [{ a: 1 }], rows: 1 })
    let rows = 0
    const result = await client.query({ query, format: 'JSONEachRow' })
    for await (const chunk of result.stream()) rows += chunk.length
    expect(rows).toBe(100_000)
  })

  test('inserts objects, streams and files, with compression both ways', async () => {
    const packed = createClient({
      url: clickhouse.url,
      database: clickhouse.database,
      compression: { request: true, response: true },
    })
    const directory = await mkdtemp(join(tmpdir(), 'binnacle-protocol-'))
    try {
      for (const one of [client, packed]) {
        await clear()
        await one.insert({ table: 'rows', values: [{ id: 1, name: 'ü' }], format: 'JSONEachRow' })
        await one.insert({
          table: 'rows',
          values: [[2, 'b']],
          columns: ['id', 'name'],
          format: 'JSONCompactEachRow',
        })
        await one.insert({
          table: 'rows',
          values: Readable.from([{ id: 3 }, { id: 4 }], { objectMode: true }),
          format: 'JSONEachRow',
        })
        const file = join(directory, 'rows.csv')
        await writeFile(file, '5,five,{}\n')
        await one.insert({ table: 'rows', values: createReadStream(file), format: 'CSV' })
        const binary = await one.exec({
          query: 'INSERT INTO rows (id) FORMAT RowBinary',
          values: Readable.from([Buffer.from([6, 0]), Buffer.from([0, 0])]),
        })
        await readText(binary.stream)
        const result = await one.query({
          query: 'SELECT name FROM rows ORDER BY id',
          format: 'JSONCompactEachRow',
        })
        expect((await result.json()).flat()).toEqual(['ü', 'b', 'unnamed', 'unnamed', 'five', 'unnamed'])
      }
    } finally {
      await packed.close()
      await rm(directory, { recursive: true })
    }
  })

  test('commands, settings and errors', async () => {
    await client.command({ query: 'CREATE TABLE IF NOT EXISTS small (a UInt8) ENGINE = Memory' })
    await client.command({ query: 'DROP TABLE small', clickhouse_settings: { wait_end_of_query: 1 } })
    await expect(client.query({ query: 'SELECT * FROM small' })).rejects.toMatchObject({
      code: '60',
      type: 'UNKNOWN_TABLE',
    })
    expect((await client.ping()).success).toBe(true)
  })
})

describe('cancelling and concurrency', () => {
  const running = (mark: string) =>
    ask(`SELECT count() FROM system.processes WHERE query LIKE '%${mark}%' AND query NOT LIKE '%processes%'`)
  const slow = (mark: string) =>
    `/* ${mark} */ SELECT count() FROM numbers(1000000000000) WHERE cityHash64(number) = 1`

  test('an aborted query ends in the engine', async () => {
    const abort = new AbortController()
    const query = client.query({
      query: slow('aborted-one'),
      abort_signal: abort.signal,
      clickhouse_settings: { cancel_http_readonly_queries_on_client_close: 1 },
    })
    const ended = expect(query).rejects.toThrow(/abort/)
    await until(async () => (await running('aborted-one')) === '1')
    abort.abort()
    await ended
    await until(async () => (await running('aborted-one')) === '0')
  })

  test('an insert and a count go on beside long queries', async () => {
    await clear()
    const abort = new AbortController()
    const long = Array.from({ length: 4 }, (_, n) =>
      client.query({
        query: slow(`long-${n}`),
        abort_signal: abort.signal,
        clickhouse_settings: { cancel_http_readonly_queries_on_client_close: 1 },
      }),
    )
    const ended = Promise.allSettled(long)
    await until(async () => (await running('long-')) === '4')
    await client.insert({ table: 'rows', values: [{ id: 1 }], format: 'JSONEachRow' })
    expect(await ask('SELECT count() FROM rows')).toBe('1')
    expect(await running('long-')).toBe('4')
    abort.abort()
    await ended
    await until(async () => (await running('long-')) === '0')
  })
})

describe.runIf(onEmbedded)('the embedded engine only', () => {
  const hosts = "INSERT INTO rows FROM INFILE '/etc/hosts' FORMAT TSV"
  test.each<[string, number, Sent]>([
    ['a session', 501, { parameters: { session_id: 's' } }],
    ['compression of the native protocol', 501, { parameters: { decompress: '1' } }],
    ['external tables', 501, { headers: { 'Content-Type': 'multipart/form-data; boundary=x' } }],
    ['a page of another site', 403, { headers: { Origin: 'https://example.com' } }],
    ['a setting that is SQL', 404, { parameters: { 'a = 1, max_threads': '1' } }],
    ['reading a file of the machine', 500, { body: hosts }],
  ])('refuses %s', async (_name, status, sent) => {
    const answer = await send({ body: 'SELECT 1', ...sent })
    expect(answer.status).toBe(status)
    expect(answer.text).toMatch(/^Code: \d+\. DB::Exception: /)
  })

  test('refuses a name that was rebound to this machine', async () => {
    const status = await new Promise((resolve, reject) => {
      request(`${clickhouse.url}/?query=SELECT+1`, { headers: { Host: 'attacker.example' } }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
        .once('error', reject)
        .end()
    })
    expect(status).toBe(403)
  })
})
