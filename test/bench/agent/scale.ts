import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../../support/processes.ts'
import { cpuSecondsOf, residentBytesOf } from '../support/process-stat.ts'
import { median } from '../support/report.ts'
import { say, step } from '../support/say.ts'
import { type AgentProcess, startAgentProcess } from './agent-process.ts'
import { type ApiProcess, startApiProcess } from './api-process.ts'
import type { ClusterSize } from './cluster.ts'
import type { Counts, Load } from './messages.ts'
import { type Sink, type SinkFigures, startSink } from './sink-process.ts'

export interface ScaleConfig {
  readonly name: string
  readonly size: ClusterSize
  readonly load: Load
  /** Events that are there; as many expire as are written. */
  readonly standingEvents: number
  readonly warmSeconds: number
  readonly seconds: number
  readonly flags?: readonly string[]
  /** Such as 64Mi; absent: that of the chart's values. */
  readonly memoryLimit?: string
  /** Of the agent, beyond its defaults. */
  readonly config?: object
}

export interface ScaleResult {
  readonly name: string
  readonly size: ClusterSize
  readonly load: Load
  readonly podBytes: number
  readonly objects: number
  readonly watches: number
  /** From the start of the process until all pods have left for the back end. */
  readonly firstSyncMs: number
  /** Until then. */
  readonly firstSyncCpuSeconds: number
  readonly residentMibSteady: number
  readonly residentMibMax: number
  /** Of the end: without what is mapped from files, which is Node's own program, shared and not written. */
  readonly anonymousMib: number
  readonly residentMib: readonly number[]
  readonly millicores: number
  readonly seconds: number
  readonly eventsWritten: number
  readonly eventsArrived: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly bytesPerPodHour: number
  /** Of them, by route. */
  readonly bytesPerPodHourByRoute: Readonly<Record<string, number>>
  readonly inflatedRatio: number
  /** What the API server was behind its schedule at worst. */
  readonly serverLateMs: number
}

const syncWithinMs = 240_000
const quietMs = 3_000
const restWithinMs = 60_000
const sampleMs = 500

/** The agent against an API server and a back end in processes of their own: first sync, then a steady load. */
export async function measureScale(config: ScaleConfig): Promise<ScaleResult> {
  const api = await startApiProcess()
  const sink = await startSink()
  try {
    const { size, standingEvents } = config
    const filled = await step(`${config.name}: cluster`, () =>
      api.ask({ type: 'fill', size, standingEvents }),
    )
    const agent = await startAgentProcess({
      api,
      service: sink.url,
      ...(config.flags ? { flags: config.flags } : {}),
      memoryLimit: config.memoryLimit,
      config: config.config ?? {},
    })
    const result = await measure({ config, api, sink, agent })
    await agent.close()
    return { ...result, podBytes: filled.podBytes, objects: filled.objects }
  } finally {
    await sink.close()
    await api.close()
  }
}

interface Parts {
  readonly config: ScaleConfig
  readonly api: ApiProcess
  readonly sink: Sink
  readonly agent: AgentProcess
}

async function measure({
  config,
  api,
  sink,
  agent,
}: Parts): Promise<Omit<ScaleResult, 'podBytes' | 'objects'>> {
  const { name, size, load, warmSeconds, seconds } = config
  const firstSyncMs = (await untilShipped(agent, size.pods + config.standingEvents)) - agent.startedAtMs
  const firstSyncCpuSeconds = cpuSecondsOf(agent.pid)
  say(`${name}: synced after ${(firstSyncMs / 1000).toFixed(1)} s`)
  await api.ask({ type: 'load', load })
  const before = await count(api)
  await sink.take()
  await sleep(warmSeconds * 1000)
  const warm = await sink.take()
  const cpuBefore = cpuSecondsOf(agent.pid)
  const startedAt = performance.now()
  const residentMib: number[] = []
  while (performance.now() - startedAt < seconds * 1000) {
    await sleep(sampleMs)
    residentMib.push(mib(residentBytesOf(agent.pid).now))
  }
  const tookSeconds = (performance.now() - startedAt) / 1000
  const cpuSeconds = cpuSecondsOf(agent.pid) - cpuBefore
  const residentMibMax = mib(residentBytesOf(agent.pid).max)
  const anonymousMib = mib(residentBytesOf(agent.pid).anonymous)
  const figures = await sink.take()
  const loaded = await count(api)
  await api.ask({ type: 'load', load: { events: 0, podUpdates: 0 } })
  const eventsWritten = (await count(api)).eventsWritten - before.eventsWritten
  const rest = await untilArrived(sink, eventsWritten - warm.events - figures.events)
  const eventsArrived = warm.events + figures.events + rest
  const perPodHour = (bytes: number) => (bytes / size.pods / tookSeconds) * 3600
  return {
    name,
    size,
    load,
    watches: loaded.watches,
    firstSyncMs,
    firstSyncCpuSeconds,
    residentMibSteady: median(residentMib),
    residentMibMax,
    anonymousMib,
    residentMib,
    millicores: (cpuSeconds / tookSeconds) * 1000,
    seconds: tookSeconds,
    eventsWritten,
    eventsArrived,
    p50Ms: figures.p50Ms,
    p99Ms: figures.p99Ms,
    bytesPerPodHour: perPodHour(figures.bytes),
    bytesPerPodHourByRoute: routesOf(figures, perPodHour),
    inflatedRatio: figures.rawBytes / figures.bytes,
    serverLateMs: loaded.lateMsMax,
  }
}

async function count(api: ApiProcess): Promise<Counts> {
  return (await api.ask({ type: 'count' })).counts
}

/** Until everything that a quiet cluster has to tell has left: then nothing changes any more. When the last change was. */
export async function untilShipped(agent: AgentProcess, recordsMin: number): Promise<number> {
  let shipped = -1
  let changedAtMs = 0
  await eventually(
    `${recordsMin} records have left`,
    async () => {
      const line = (await agent.status()).items.find(({ lane }) => lane === 'kube')
      if (line && line.dropped + line.rejected > 0)
        throw new Error(`the agent lost records: ${JSON.stringify(line)}`)
      const now = line?.shipped ?? 0
      if (now !== shipped || (line && line.queued > 0)) changedAtMs = Date.now()
      shipped = now
      return shipped >= recordsMin && Date.now() - changedAtMs >= quietMs ? true : undefined
    },
    { withinMs: syncWithinMs, everyMs: 100 },
  )
  return changedAtMs
}

/** The events that were on their way; fails when some never come. */
async function untilArrived(sink: Sink, events: number): Promise<number> {
  let arrived = 0
  await eventually(
    `the last ${events} events have arrived`,
    async () => {
      arrived += (await sink.take()).events
      return arrived >= events ? true : undefined
    },
    { withinMs: restWithinMs, hint: () => `${arrived} did` },
  )
  return arrived
}

function routesOf({ byRoute }: SinkFigures, perPodHour: (bytes: number) => number): Record<string, number> {
  return Object.fromEntries(Object.entries(byRoute).map(([route, bytes]) => [route, perPodHour(bytes)]))
}

const mib = (bytes: number) => bytes / 1024 ** 2
