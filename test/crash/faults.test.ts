import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createRandom } from '../bench/corpus/random.ts'
import { startTestClickHouse, type TestClickHouse } from '../support/clickhouse.ts'
import { type FaultProxy, faults, startFaultProxy } from '../support/fault-proxy.ts'
import { eventually, freePort, startCli, type TestProcess } from '../support/processes.ts'
import { testSeed } from '../support/test-seed.ts'
import { startLoad } from './load.ts'
import { expectLedger, expectStored } from './stored.ts'

/** Longer than the service tries an insert again by itself (5 s). */
const outageMs = Number(process.env['BINNACLE_TEST_OUTAGE_SECONDS'] ?? 7) * 1000
const longOutageMs = Number(process.env['BINNACLE_TEST_LONG_OUTAGE_SECONDS'] ?? 120) * 1000
const mixedMs = Number(process.env['BINNACLE_TEST_MIXED_SECONDS'] ?? 40) * 1000

const seed = testSeed()
let clickHouse: TestClickHouse
let proxy: FaultProxy
let service: TestProcess
let url: string
const ask = <Row>(sql: string) => clickHouse.store.query<Row>({ sql, params: {} })
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

beforeAll(async () => {
  clickHouse = await startTestClickHouse()
  proxy = await startFaultProxy(clickHouse.url, createRandom(seed))
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  service = startCli(
    ...['serve', '--listen', `127.0.0.1:${port}`, '--clickhouse-url', proxy.url],
    ...['--clickhouse-database', clickHouse.database],
  )
  await eventually(
    'the service is ready',
    async () => ((await fetch(`${url}/readyz`)).ok ? true : undefined),
    {
      hint: service.output,
    },
  )
})
afterAll(async () => {
  await service?.kill('SIGTERM')
  await proxy?.close()
  await clickHouse?.close()
})

async function underLoad(course: () => Promise<void>, report: string): Promise<void> {
  for (const table of ['spans', 'logs'])
    await clickHouse.store.client.command({ query: `TRUNCATE TABLE ${table}` })
  const load = startLoad(url)
  await pause(500)
  await course()
  proxy.setFaults([])
  await pause(300)
  await load.stop()
  const stored = await expectStored(ask, load)
  await expectLedger(url)
  const met = [...proxy.met()].map(([fault, times]) => `${fault} ${times}`).join(', ')
  console.log(
    `${report}: seed ${seed}, ${stored.spans} spans, ${stored.logs} log records, ${load.tries()} tries; ${met}`,
  )
}

describe(`faults of ClickHouse under load, seed ${seed}`, () => {
  test('an outage of minutes: nothing is lost or doubled', { timeout: longOutageMs + 90_000 }, () =>
    underLoad(async () => {
      proxy.setFaults(['refused'])
      await pause(longOutageMs)
    }, 'outage'),
  )

  test('every fault now and then: nothing is lost or doubled', { timeout: mixedMs + 90_000 }, () =>
    underLoad(async () => {
      proxy.setFaults(faults, { well: 0.4 })
      await pause(mixedMs)
    }, 'mixed faults'),
  )

  const command = (query: string) => clickHouse.store.client.command({ query })
  const brokenBy: Record<string, readonly [breakIt: () => unknown, mend: () => unknown]> = {
    'without a table': [
      () => command('RENAME TABLE spans TO spans_away'),
      () => command('RENAME TABLE spans_away TO spans'),
    ],
    'without a column': [
      () => command('ALTER TABLE logs DROP COLUMN severity_text'),
      () => command('ALTER TABLE logs ADD COLUMN severity_text LowCardinality(String)'),
    ],
    'that is read-only': [() => proxy.setFaults(['read-only']), () => proxy.setFaults([])],
  }
  test.each(Object.keys(brokenBy))(
    'a database %s is told on /readyz, and when it is put right everything goes on',
    { timeout: 90_000 },
    (name) =>
      underLoad(async () => {
        const readyz = async () => (await fetch(`${url}/readyz`)).text()
        const waiting = { withinMs: 20_000, hint: service.output }
        await brokenBy[name]?.[0]()
        await eventually(
          'the problem is told',
          async () => {
            const told = await readyz()
            return (
              /^ok, but ClickHouse does not take rows: cannot insert into \w+: \w.*\n$/.test(told) ||
              undefined
            )
          },
          waiting,
        )
        await brokenBy[name]?.[1]()
        await eventually('all is well', async () => (await readyz()) === 'ok\n' || undefined, waiting)
      }, name),
  )

  test.each(faults)(
    '%s for longer than the service waits: nothing is lost or doubled',
    { timeout: 90_000 },
    (fault) =>
      underLoad(async () => {
        proxy.setFaults([fault])
        await pause(outageMs)
        expect(proxy.met().get(fault)).toBeGreaterThan(0)
      }, fault),
  )
})
