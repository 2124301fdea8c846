import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Embedded, startEmbedded } from '../../../collector/embedded/supervise.ts'
import * as t from '../../../collector/record/table.ts'
import { createStore } from '../../../collector/service/store/create-store.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { until } from '../../support/until.ts'

let directory: string
let opened: Embedded[]
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'binnacle-embedded-'))
  opened = []
})
afterEach(async () => {
  for (const embedded of opened) await embedded.close()
  rmSync(directory, { recursive: true, force: true })
})

async function start(
  config: { dataDir?: string; port?: number; lockedForMs?: number } = {},
): Promise<Embedded> {
  const embedded = await startEmbedded({ dataDir: join(directory, 'data'), log: silentLog, ...config })
  opened.push(embedded)
  return embedded
}

const ask = async (url: string, body: string) =>
  (await (await fetch(url, { method: 'POST', body })).text()).trim()

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const numbers = t.defineTable('numbers', null, { n: t.uint32, text: t.string })

test('rows that were acknowledged are there, once, after the process was killed again and again', async () => {
  const embedded = await start()
  const store = createStore({ url: embedded.url, database: 'default', insertRetryForMs: 20_000 })
  await store.client.command({
    query: `CREATE TABLE numbers (n UInt32, text String) ENGINE = MergeTree ORDER BY n
      SETTINGS non_replicated_deduplication_window = 10000`,
  })
  const acknowledged: number[] = []
  let sent = 0
  let done = false
  const sending = Array.from({ length: 3 }, async () => {
    while (!done) {
      const first = sent
      sent += 100
      const rows = Array.from({ length: 100 }, (_, at) => ({ n: first + at, text: 'x'.repeat(at) }))
      const outcome = await store.insert({ table: numbers, rows }, `block-${first}`)
      if (outcome.type === 'stored') acknowledged.push(first)
    }
  })
  for (let kills = 1; kills <= 4; kills++) {
    const before = acknowledged.length
    await until(() => acknowledged.length > before + 10, 20_000)
    process.kill(embedded.pid(), 'SIGKILL')
    await until(() => embedded.restarts() === kills)
  }
  const before = acknowledged.length
  await until(() => acknowledged.length > before + 5, 20_000)
  done = true
  await Promise.all(sending)
  const [counted] = await store.query<{ rows: number; distinct: number; blocks: number[] }>({
    sql: `SELECT count() AS rows, uniqExact(n) AS distinct,
      (SELECT groupArray(first) FROM (SELECT intDiv(n, 100) * 100 AS first FROM numbers GROUP BY first HAVING count() = 100)) AS blocks
      FROM numbers`,
    params: {},
  })
  expect(counted?.rows).toBe(counted?.distinct)
  const kept = new Set(counted?.blocks)
  expect(acknowledged.filter((first) => !kept.has(first))).toEqual([])
  await store.close()
})

test('the port stays the same over a restart', async () => {
  const embedded = await start()
  const pid = embedded.pid()
  process.kill(pid, 'SIGKILL')
  await until(() => embedded.restarts() === 1 && embedded.pid() !== pid)
  expect(await ask(embedded.url, 'SELECT 1')).toBe('1')
})

test('a directory that another process holds is one clear sentence', async () => {
  await start()
  await expect(start({ lockedForMs: 0 })).rejects.toThrow(
    `cannot start the embedded ClickHouse: another process uses the directory ${join(directory, 'data')}`,
  )
})

test('a directory that a previous instance is about to leave is waited for', async () => {
  const first = await start()
  await ask(first.url, 'CREATE TABLE kept (a UInt8) ENGINE = MergeTree ORDER BY a')
  const second = start()
  await first.close()
  expect(await ask((await second).url, 'EXISTS TABLE kept')).toBe('1')
})

test('a directory that cannot be written is one clear sentence', async () => {
  writeFileSync(join(directory, 'file'), '')
  const dataDir = join(directory, 'file', 'data')
  await expect(start({ dataDir })).rejects.toThrow(
    new RegExp(`^cannot start the embedded ClickHouse: cannot write to the directory ${dataDir}: ENOTDIR`),
  )
})

test('a port that is taken is one clear sentence', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = address && typeof address === 'object' ? address.port : 0
  await expect(start({ port })).rejects.toThrow(`cannot listen on 127.0.0.1:${port}`)
  server.close()
})

test('Ctrl-C reaches the whole group, but the engine waits for its parent to end it', async () => {
  const embedded = await start()
  process.kill(embedded.pid(), 'SIGINT')
  expect(await ask(embedded.url, 'SELECT sleep(0.2)')).toBe('0')
  expect(embedded.restarts()).toBe(0)
  await embedded.close()
  expect(isAlive(embedded.pid())).toBe(false)
})

test('closing ends long queries and takes little time', async () => {
  const embedded = await start()
  const long = ask(
    embedded.url,
    'SELECT count() FROM numbers(1000000000000) WHERE cityHash64(number) = 3',
  ).catch(String)
  await until(async () => (await ask(embedded.url, 'SELECT count() FROM system.processes')) === '2')
  const startedAt = performance.now()
  await embedded.close()
  expect(performance.now() - startedAt).toBeLessThan(4_000)
  await long
})

test('the engine ends when its parent is killed, and leaves the directory free', async () => {
  const supervise = join(import.meta.dirname, '../../../collector/embedded/supervise.ts')
  const script = `
    import { startEmbedded } from ${JSON.stringify(supervise)}
    import { pino } from 'pino'
    const dataDir = ${JSON.stringify(join(directory, 'data'))}
    console.log((await startEmbedded({ dataDir, log: pino({ level: 'silent' }) })).pid())`
  const file = join(import.meta.dirname, `parent-${process.pid}.scratch.ts`)
  writeFileSync(file, script)
  try {
    const parent = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] })
    const pid = Number((await createInterface(parent.stdout)[Symbol.asyncIterator]().next()).value)
    expect(isAlive(pid)).toBe(true)
    parent.kill('SIGKILL')
    await until(() => !isAlive(pid))
    expect(await ask((await start()).url, 'SELECT 1')).toBe('1')
  } finally {
    rmSync(file)
  }
})
