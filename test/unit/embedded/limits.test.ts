import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Engine, EngineStatement } from '../../../collector/embedded/engine.ts'
import { createHandler, type Handler } from '../../../collector/embedded/handler.ts'
import { createLanes } from '../../../collector/embedded/lanes.ts'
import { until } from '../../support/until.ts'

/** The HTTP side with small limits, over an engine whose statements end when the test says so. */

const bodyBytesMax = 1_000
const waitingMax = 2
let started: (EngineStatement & { finish: () => void; fail: (message: string) => void })[]
let killed: string[]
let spillDir: string
let handler: Handler
let server: Server
let url: string

beforeEach(async () => {
  started = []
  killed = []
  spillDir = await mkdtemp(join(tmpdir(), 'binnacle-limits-'))
  const engine: Engine = {
    run: (statement) =>
      new Promise((resolve, reject) => {
        const finish = () => resolve({ bytes: Buffer.from(statement.sql), rows: 0, bytesRead: 0 })
        started.push({ ...statement, finish, fail: (message) => reject(new Error(message)) })
      }),
    async kill(marker) {
      killed.push(marker)
      started.find((one) => one.marker === marker)?.fail('Code: 394. DB::Exception: Query was cancelled.')
    },
    close() {},
  }
  const lanes = createLanes({ insert: 1, read: 1, change: 1, control: 1 }, waitingMax)
  handler = createHandler({ engine, lanes, spillDir, bodyBytesMax })
  server = createServer((request, response) => void handler.handle(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await rm(spillDir, { recursive: true })
})

const post = (body: string | Uint8Array<ArrayBuffer>, init: RequestInit = {}, query = '') =>
  fetch(`${url}/?${new URLSearchParams(query ? { query } : {})}`, { method: 'POST', body, ...init })

test('one statement more than the lane and its queue hold is answered 503, and the others go on', async () => {
  const waiting = Array.from({ length: 1 + waitingMax }, (_, n) => post(`SELECT ${n}`))
  await until(() => started.length === 1)
  await until(async () => (await post('SELECT 9')).status === 503)
  const refused = await post('SELECT 9')
  expect(refused.headers.get('x-clickhouse-exception-code')).toBe('202')
  expect(await refused.text()).toMatch(/^Code: 202\. DB::Exception: Too many simultaneous queries/)
  for (let n = 0; n <= waitingMax; n++) {
    await until(() => started.length === n + 1)
    started[n]?.finish()
  }
  expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200, 200])
})

test('a full lane of queries does not hold back an insert', async () => {
  void post('SELECT 1').catch(() => {})
  await until(() => started.length === 1)
  const insert = post('INSERT INTO t FORMAT TSV\n1\n')
  await until(() => started.length === 2)
  started[1]?.finish()
  expect((await insert).status).toBe(200)
})

test('a body of the largest size passes, one byte more is 413 and leaves no file', async () => {
  const insert = 'INSERT INTO t FORMAT TSV'
  const fits = post('x'.repeat(bodyBytesMax), {}, insert)
  await until(() => started.length === 1)
  started[0]?.finish()
  expect((await fits).status).toBe(200)
  for (const query of [insert, '']) {
    const refused = await post('x'.repeat(bodyBytesMax + 1), {}, query)
    expect([refused.status, await refused.text()]).toEqual([
      413,
      expect.stringMatching(/larger than 1000 bytes/),
    ])
  }
  expect(await readdir(spillDir)).toEqual([])
})

test('a small body that inflates beyond the limit is 413', async () => {
  const body = new Uint8Array(gzipSync('x'.repeat(1_000_000)))
  expect(body.length).toBeLessThan(2_000)
  const headers = { 'Content-Encoding': 'gzip' }
  expect((await post(body, { headers }, 'INSERT INTO t FORMAT TSV')).status).toBe(413)
})

test('a client that leaves ends its query, and its waiting query never begins', async () => {
  const abort = new AbortController()
  const queries = [post('SELECT 1', { signal: abort.signal }), post('SELECT 2', { signal: abort.signal })]
  const ended = Promise.allSettled(queries)
  await until(() => started.length === 1)
  abort.abort()
  await ended
  await until(() => killed.length > 0)
  expect(killed[0]).toBe(started[0]?.marker)
  const after = post('SELECT 3')
  await until(() => started.length === 2)
  expect(started[1]?.sql).toBe('SELECT 3')
  started[1]?.finish()
  expect((await after).status).toBe(200)
})

test('a client that leaves does not end its insert', async () => {
  const abort = new AbortController()
  const insert = Promise.allSettled([post('INSERT INTO t FORMAT TSV\n1\n', { signal: abort.signal })])
  await until(() => started.length === 1)
  abort.abort()
  await insert
  await until(async () => (await readdir(spillDir)).length === 1)
  expect(killed).toEqual([])
  started[0]?.finish()
  await until(async () => (await readdir(spillDir)).length === 0)
})

test('stopping ends queries, lets inserts end and refuses what comes', async () => {
  const query = post('SELECT 1')
  const insert = post('INSERT INTO t FORMAT TSV\n1\n')
  await until(() => started.length === 2)
  handler.stop()
  expect((await query).status).toBe(500)
  expect((await post('SELECT 2')).status).toBe(503)
  started.find(({ sql }) => sql.startsWith('INSERT'))?.finish()
  expect((await insert).status).toBe(200)
})
