import type { FastifyInstance } from 'fastify'
import { createApp } from '../../collector/service/app.ts'
import { createAgentConfigs } from '../../collector/service/store/agent-configs.ts'
import { createInformationPoints } from '../../collector/service/store/information-points.ts'
import { createSlos, type Slos } from '../../collector/service/store/slos.ts'
import {
  createTransactionSettings,
  type TransactionSettingsStore,
} from '../../collector/service/store/transaction-settings.ts'
import { systemClock } from '../../collector/std/clock.ts'
import { silentLog } from '../../collector/std/log.ts'
import { startTestClickHouse, type TestClickHouse } from './clickhouse.ts'
import { type SeedFacts, type SeedOptions, seedDemo } from './seed.ts'

export interface SeededApp {
  readonly app: FastifyInstance
  readonly clickHouse: TestClickHouse
  readonly facts: SeedFacts
  readonly slos: Slos
  readonly transactionSettings: TransactionSettingsStore
  close(): Promise<void>
}

/** The service's routes over a real engine that holds the seed; the clock stands at the seed's end. */
export async function startSeededApp(
  options: Partial<SeedOptions> & {
    readonly uiDirectory?: string
    /** Default: an engine of its own. */
    readonly clickHouse?: TestClickHouse
  } = {},
): Promise<SeededApp> {
  const clickHouse = options.clickHouse ?? (await startTestClickHouse())
  const nowMs = options.nowMs ?? Math.floor(Date.now() / 60_000) * 60_000
  const facts = await seedDemo(clickHouse.store, { ...options, nowMs })
  const transactionSettings = createTransactionSettings({
    store: clickHouse.store,
    clock: systemClock,
    log: silentLog,
  })
  const slos = createSlos({ store: clickHouse.store, clock: systemClock, log: silentLog })
  const app = await createApp(
    {
      store: clickHouse.store,
      configs: createAgentConfigs({ store: clickHouse.store, clock: systemClock, log: silentLog }),
      slos,
      transactionSettings,
      points: createInformationPoints({ store: clickHouse.store, clock: systemClock, log: silentLog }),
      nowMs: () => nowMs,
      log: silentLog,
      metrics: { handle: (_request, response) => response.end('') },
      notReady: async () => '',
      observe: () => {},
      registerIntake: () => {},
    },
    {
      version: '0.0.0-test',
      notice: 'simulated',
      storeMode: 'embedded',
      storeVersion: () => 'test',
      uiDirectory: options.uiDirectory ?? '/nonexistent',
    },
  )
  return {
    app,
    clickHouse,
    facts,
    slos,
    transactionSettings,
    async close() {
      await app.close()
      await clickHouse.close()
    },
  }
}
