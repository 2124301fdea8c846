import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readdirSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@clickhouse/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  eventually,
  freePort,
  startCli,
  type TempDirectory,
  type TestProcess,
  tempDirectory,
} from '../support/processes.ts'
import { startLoad } from './load.ts'
import { expectLedger, expectStored } from './stored.ts'

/** The service tries an insert again for 5 s by itself before it tells a sender to come again. */
const fullMs = 30_000
const diskMiB = 160
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

/** A file system of its own with an end; undefined where this process may not mount one. */
function mountSmallDisk(): TempDirectory | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined
  const directory = tempDirectory('full-disk')
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskMiB}m`, 'tmpfs', directory.path], {
      stdio: 'ignore',
    })
  } catch {
    directory.remove()
    return undefined
  }
  return {
    path: directory.path,
    remove() {
      execFileSync('umount', ['--lazy', directory.path])
      directory.remove()
    },
  }
}

/** Writes until nothing more fits. */
function fill(path: string): void {
  const file = openSync(path, 'a')
  try {
    for (let bytes = 1024 ** 2; bytes >= 1; )
      try {
        writeSync(file, Buffer.alloc(bytes))
      } catch {
        bytes = Math.floor(bytes / 2)
      }
  } finally {
    closeSync(file)
  }
}

const disk = mountSmallDisk()

describe.skipIf(!disk)('a full disk below the embedded engine (needs the right to mount a tmpfs)', () => {
  const path = disk?.path ?? ''
  const dataDir = join(path, 'clickhouse')
  let service: TestProcess
  let url: string
  let client: ReturnType<typeof createClient>
  const ask = async <Row>(sql: string) =>
    (await client.query({ query: sql, format: 'JSONEachRow' })).json<Row>()

  beforeAll(async () => {
    const [port, clickhousePort] = await Promise.all([freePort(), freePort()])
    url = `http://127.0.0.1:${port}`
    client = createClient({ url: `http://127.0.0.1:${clickhousePort}`, database: 'binnacle' })
    service = startCli(
      ...['serve', '--listen', `127.0.0.1:${port}`, '--clickhouse-port', String(clickhousePort)],
      ...['--data-dir', dataDir],
    )
    await eventually(
      'the service is ready',
      async () => ((await fetch(`${url}/readyz`)).ok ? true : undefined),
      {
        withinMs: 60_000,
        hint: service.output,
      },
    )
  })
  afterAll(async () => {
    try {
      await client?.close()
      await service?.kill('SIGTERM')
    } finally {
      disk?.remove()
    }
  })

  const screen = async () => {
    const range = `from=${Date.now() - 3_600_000}&to=${Date.now() + 60_000}`
    return (await fetch(`${url}/api/v1/applications?${range}`)).status
  }

  test('senders are told to come again, screens answer, and nothing is lost or doubled', {
    timeout: fullMs + 90_000,
  }, async () => {
    const load = startLoad(url)
    await eventually('something is stored', () => (load.traces.size > 20 ? true : undefined), {
      hint: service.output,
    })
    const ballast = join(path, 'ballast')
    const end = Date.now() + fullMs
    let screens: number[] = []
    while (Date.now() < end) {
      // Merges free some space now and then.
      fill(ballast)
      screens = [...screens, await screen()]
      await pause(100)
    }
    const { bavail } = statfsSync(path)
    const storedWhenFull = load.traces.size
    rmSync(ballast)
    await eventually(
      'ingest goes on by itself',
      () => (load.traces.size > storedWhenFull + 20 ? true : undefined),
      { hint: service.output },
    )
    await load.stop()
    expect(new Set(screens)).toEqual(new Set([200]))
    expect(load.tries() - load.traces.size - load.logs()).toBeGreaterThan(0)
    const stored = await expectStored(ask, load)
    await expectLedger(url)
    expect(readdirSync(join(dataDir, 'spill'))).toEqual([])
    console.log(
      `full disk: ${bavail} blocks free, ${stored.spans} spans, ${stored.logs} log records, ${load.tries()} tries, ${screens.length} screens`,
    )
  })
})
