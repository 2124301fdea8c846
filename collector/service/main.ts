import { randomUUID, timingSafeEqual } from 'node:crypto'
import { join } from 'node:path'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { createByteBudget } from '../intake/byte-budget.ts'
import type { DoorOptions } from '../intake/door.ts'
import { registerOtlpRoutes } from '../intake/otlp-http.ts'
import { createBackoff } from '../std/backoff.ts'
import { type Clock, systemClock } from '../std/clock.ts'
import { listenError } from '../std/listen-error.ts'
import type { Log } from '../std/log.ts'
import { createSelfMetrics } from '../std/self-metrics.ts'
import { createApp } from './app.ts'
import type { ServiceConfig } from './config-schema.ts'
import { createAgentRegistry } from './control/agent-registry.ts'
import { startGoneObjects } from './control/gone-objects.ts'
import { startLateResources } from './control/late-resources.ts'
import { registerOpampRoute } from './control/opamp-route.ts'
import { startFindingCounts } from './health/finding-counts.ts'
import { startHealthRules } from './health/health-rules.ts'
import { createIngest, type Ingest } from './ingest/ingest.ts'
import { observeProcess, observeRequests } from './metrics.ts'
import { type OtlpListeners, startOtlpListeners } from './otlp-listeners.ts'
import { startRollup } from './rollup/rollup.ts'
import { rollupConfig } from './rollup/rollup-config.ts'
import { createAgentConfigs } from './store/agent-configs.ts'
import { createStore, type OpenStore } from './store/create-store.ts'
import { createInformationPoints } from './store/information-points.ts'
import { createSlos } from './store/slos.ts'
import { createTransactionSettings } from './store/transaction-settings.ts'

export interface ServiceDeps {
  readonly log: Log
  readonly version: string
  readonly clock?: Clock
  /** Whether clickhouse.url is the embedded engine that the caller runs. */
  readonly storeMode?: 'embedded' | 'server'
  /** Gives up starting, such as on SIGTERM while ClickHouse is waited for. */
  readonly signal?: AbortSignal
}

export interface RunningService {
  readonly url: string
  /** host:port of OTLP over gRPC; empty: off. */
  readonly grpc: string
  /** host:port of OTLP/HTTP; empty: off. */
  readonly otlpHttp: string
  /** Stops listening, inserts what senders wait for, answers them, closes the database. */
  close(): Promise<void>
}

const builtUi = join(import.meta.dirname, '../../dashboards/web/dist')

/** Metrics → store → migrations → ingest and control → API and UI → listen → health rules and rollups. Rejects with one sentence. */
export async function startService(config: ServiceConfig, deps: ServiceDeps): Promise<RunningService> {
  const { log, version, clock = systemClock, storeMode = 'server' } = deps
  const instanceId = randomUUID()
  const metrics = createSelfMetrics({ part: 'service', version, instanceId })
  const processMetrics = observeProcess(metrics)
  const store = createStore({
    ...config.clickhouse,
    clock,
    queryMaxExecutionSeconds: config.query.maxExecutionSeconds,
    queryMaxMemoryBytes: config.query.maxMemoryBytes,
  })
  let app: FastifyInstance | undefined
  let ingest: Ingest | undefined
  let otlp: OtlpListeners | undefined
  try {
    await waitForDatabase({ store, config, log, clock, signal: deps.signal })
    const { applied } = await store.migrate()
    if (applied.length > 0) log.info({ applied }, 'database migrated')
    const [database] = await store.query<{ version: string }>({
      sql: 'SELECT version() AS version',
      params: {},
    })
    const intoTables = createIngest({ store, clock, log, metrics, instanceId }, config.ingest)
    ingest = intoTables
    const registry = createAgentRegistry({ store, clock, log })
    const configs = createAgentConfigs({ store, clock, log })
    const slos = createSlos({ store, clock, log })
    const transactionSettings = createTransactionSettings({ store, clock, log })
    const refused = metrics.counter(
      'otlp_refused',
      'OTLP requests refused unread, by transport, status and reason',
    )
    const dropped = metrics.counter(
      'otlp_connections_dropped',
      'Connections to the ports for OTLP that were closed because there were too many',
    )
    const budget = createByteBudget(config.ingest.inFlightBytesMax)
    metrics.gauge('otlp_in_flight_bytes', 'Bytes of requests that are being handled', () => budget.used())
    const door: DoorOptions = {
      handler: intoTables.handle,
      inflate: 'handler',
      limits: config.ingest,
      budget,
      accessKeys: config.accessKeys,
      log,
      onRefused: ({ transport, signal, status, reason }) =>
        refused.add(1, { transport, signal, status: String(status), reason }),
    }
    let closing = false
    app = await createApp(
      {
        store,
        configs,
        slos,
        transactionSettings,
        points: createInformationPoints({ store, clock, log }),
        log,
        metrics,
        nowMs: clock.nowMs,
        notReady: async () => {
          if (closing) return 'the service is shutting down'
          return (await store.ping().catch(() => false)) ? '' : 'ClickHouse does not answer'
        },
        restriction: () => {
          const problem = store.insertProblem()
          return problem && `ClickHouse does not take rows: ${problem}`
        },
        observe: (observed) => observeRequests(observed, metrics),
        registerIntake: async (intake) => {
          registerOtlpRoutes(intake, { ...door, clock })
          await intake.register(async (scope) => {
            scope.addHook('onRequest', keyGuard(config.accessKeys))
            await registerOpampRoute(scope, { registry, configs, clock })
          })
        },
      },
      {
        version,
        notice: config.notice,
        storeMode,
        storeVersion: () => database?.version ?? '',
        uiDirectory: config.ui.directory || builtUi,
      },
    )
    const url = await listen(app, config.listen)
    otlp = await startOtlpListeners({ ...door, onDropped: () => dropped.add(1) }, config)
    const listeners = otlp
    log.info(
      { url, grpc: otlp.grpc, otlpHttp: otlp.http, clickhouse: database?.version, storeMode },
      'service is listening',
    )
    const healthRules = startHealthRules(
      { store, slos, transactionSettings, clock, log, metrics },
      { intervalMs: config.health.intervalSeconds * 1000 },
    )
    const rollup = config.rollup.enabled
      ? startRollup(
          { store, clock, log, metrics },
          {
            ...rollupConfig,
            intervalMs: config.rollup.intervalSeconds * 1000,
            restFactor: config.rollup.restFactor,
          },
        )
      : undefined
    const gone = startGoneObjects({ store, clock, log })
    const late = startLateResources({ store, clock, log })
    const findingCounts = startFindingCounts({ store, clock, log })
    const opened = app
    return {
      url,
      grpc: otlp.grpc,
      otlpHttp: otlp.http,
      async close() {
        closing = true
        configs.close()
        await healthRules.close()
        await rollup?.close()
        await gone.close()
        await late.close()
        await findingCounts.close()
        await Promise.all([opened.close(), listeners.close()])
        await intoTables.close()
        await store.close()
        processMetrics.close()
        await metrics.close()
      },
    }
  } catch (error) {
    await otlp?.close()
    await app?.close()
    await ingest?.close()
    await store.close()
    processMetrics.close()
    await metrics.close()
    throw error
  }
}

interface Waiting {
  readonly store: OpenStore
  readonly config: ServiceConfig
  readonly log: Log
  readonly clock: Clock
  readonly signal: AbortSignal | undefined
}

async function waitForDatabase({ store, config, log, clock, signal }: Waiting): Promise<void> {
  const { url, waitSeconds } = config.clickhouse
  const deadline = clock.monotonicMs() + waitSeconds * 1000
  const backoff = createBackoff({ firstMs: 200, maxMs: 5_000 })
  while (!(await store.ping().catch(() => false))) {
    if (signal?.aborted) throw new Error('cannot start: stopped while waiting for ClickHouse')
    if (clock.monotonicMs() >= deadline) {
      throw new Error(
        `cannot reach ClickHouse at ${url}: no answer within ${waitSeconds} s; check clickhouse.url, the network policy, and that the server runs`,
      )
    }
    log.info({ url }, 'ClickHouse does not answer yet; trying again')
    await clock.sleep(backoff.nextMs(), signal)
  }
}

async function listen(app: FastifyInstance, { host, port }: ServiceConfig['listen']): Promise<string> {
  try {
    return await app.listen({ host, port })
  } catch (error) {
    throw listenError(error, { host, port })
  }
}

/** Agents present the same keys for control as for data. */
function keyGuard(keys: readonly string[]) {
  const wanted = keys.map((key) => Buffer.from(`Bearer ${key}`))
  return async (request: FastifyRequest, reply: FastifyReply) => {
    if (wanted.length === 0) return
    const given = Buffer.from(request.headers.authorization ?? '')
    if (wanted.some((key) => key.length === given.length && timingSafeEqual(key, given))) return
    return reply
      .code(401)
      .type('text/plain')
      .send('cannot accept this agent: present an access key as bearer token')
  }
}
