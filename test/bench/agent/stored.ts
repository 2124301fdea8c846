import { setTimeout as sleep } from 'node:timers/promises'
import { createStore, type OpenStore } from '../../../collector/service/store/create-store.ts'
import { eventually } from '../../support/processes.ts'
import { startTarget } from '../ingest/target.ts'
import { median, quantile } from '../support/report.ts'
import { say, step } from '../support/say.ts'
import { startAgentProcess } from './agent-process.ts'
import { type ApiProcess, startApiProcess } from './api-process.ts'
import { lateNamespaces } from './cluster.ts'
import type { ScaleConfig } from './scale.ts'
import { untilShipped } from './scale.ts'

export interface StoredResult {
  readonly pods: number
  readonly eventsPerSecond: number
  readonly seconds: number
  readonly eventsWritten: number
  readonly eventsStored: number
  /** From the event at the API server until a query finds it, asked every `pollMs`. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly pollMs: number
  /** From the label until a query finds the first row of the namespace; one for each that opted in. */
  readonly optInMs: readonly number[]
  readonly optInMsMedian: number
}

const pollMs = 100
const storedWithinMs = 60_000

/** The agent against the real service with its embedded engine: when what happened can be asked for. */
export async function measureStored(config: ScaleConfig): Promise<StoredResult> {
  const { name, size, standingEvents, load, warmSeconds, seconds } = config
  await using opened = new AsyncDisposableStack()
  const api = await startApiProcess()
  opened.defer(() => api.close())
  const target = await startTarget('binnacle')
  opened.defer(() => target.close())
  const store = createStore({
    url: target.clickhouse,
    database: 'binnacle',
    queryMaxExecutionSeconds: 60,
    queryMaxMemoryBytes: 1024 ** 3,
  })
  opened.defer(() => store.close())
  await step(`${name}: cluster`, () => api.ask({ type: 'fill', size, standingEvents }))
  const agent = await startAgentProcess({ api, service: target.api })
  await step(`${name}: first sync`, () => untilShipped(agent, size.pods + standingEvents))
  await api.ask({ type: 'load', load })
  await sleep(warmSeconds * 1000)
  const ages = await eventAges({ api, store, seconds })
  const optInMs: number[] = []
  for (const namespace of lateNamespaces) {
    optInMs.push(await optIn(namespace, { api, store }))
    say(`${name}: the first row of ${namespace} after ${optInMs.at(-1)} ms`)
  }
  await agent.close()
  return {
    pods: size.pods,
    eventsPerSecond: load.events,
    seconds,
    ...ages,
    pollMs,
    optInMs,
    optInMsMedian: median(optInMs),
  }
}

interface Parts {
  readonly api: ApiProcess
  readonly store: OpenStore
}

/** Every event of the time is waited for: one that never comes is a failure of the run. */
async function eventAges({ api, store, seconds }: Parts & { seconds: number }) {
  const written = async () => (await api.ask({ type: 'count' })).counts.eventsWritten
  const fromMs = Date.now()
  const before = await written()
  const seen = new Map<string, number>()
  const look = async () => {
    const rows = await store.query<{ id: string; at: string }>({
      sql: `SELECT concat(event_uid, ' ', resource_version) AS id, extract(message, ' at=(\\\\d+)') AS at
        FROM k8s_events WHERE received_at >= now64(3) - INTERVAL 5 SECOND`,
      params: {},
    })
    const nowMs = Date.now()
    for (const { id, at } of rows) if (!seen.has(id) && Number(at) >= fromMs) seen.set(id, nowMs - Number(at))
  }
  while (Date.now() < fromMs + seconds * 1000) {
    await look()
    await sleep(pollMs)
  }
  await api.ask({ type: 'load', load: { events: 0, podUpdates: 0 } })
  const eventsWritten = (await written()) - before
  await eventually(
    'all events are stored',
    async () => {
      await look()
      return seen.size >= eventsWritten || undefined
    },
    { withinMs: storedWithinMs, everyMs: pollMs, hint: () => `${seen.size} of ${eventsWritten} are` },
  )
  const ages = [...seen.values()]
  return {
    eventsWritten,
    eventsStored: seen.size,
    p50Ms: quantile(ages, 0.5),
    p99Ms: quantile(ages, 0.99),
  }
}

async function optIn(namespace: string, { api, store }: Parts): Promise<number> {
  const { atMs } = await api.ask({ type: 'opt-in', namespace, collected: true })
  return eventually(
    `the first row of ${namespace}`,
    async () => {
      const [row] = await store.query<{ pods: number }>({
        sql: `SELECT count() AS pods FROM k8s_objects WHERE kind = 'Pod' AND namespace = {namespace:String}`,
        params: { namespace },
      })
      return (row?.pods ?? 0) > 0 ? Date.now() - atMs : undefined
    },
    { withinMs: storedWithinMs, everyMs: 20 },
  )
}
