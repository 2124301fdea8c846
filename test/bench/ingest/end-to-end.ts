import { createStore, type OpenStore } from '../../../collector/service/store/create-store.ts'
import type { Shape } from '../corpus/request.ts'
import { say, sayNow, step } from '../support/say.ts'
import { type DiskUse, measureDisk } from './disk.ts'
import type { Sent } from './messages.ts'
import { type Sender, startSender } from './sender-process.ts'
import { startTarget, type Target, type TargetName } from './target.ts'
import { type ProcessFigures, watchProcesses } from './watch-processes.ts'

export type Protocol = 'http' | 'grpc' | 'both'

export interface EndToEndConfig {
  readonly target: TargetName
  readonly shape: Shape
  readonly protocol: Protocol
  readonly seconds: number
  readonly warmSeconds: number
  readonly inFlight: number
  readonly templates: number
  /** Whether the tables are merged and measured afterwards. */
  readonly disk: boolean
}

export interface EndToEndResult {
  readonly target: TargetName
  readonly shape: Shape
  readonly protocol: Protocol
  readonly inFlight: number
  readonly sent: Sent
  readonly spansPerSecond: number
  /** All phases; equal, or the run has failed. */
  readonly acknowledged: number
  readonly stored: number
  readonly processes: Readonly<Record<string, ProcessFigures>>
  /** CPU of all three processes. */
  readonly cpuMicrosPerSpan: number
  readonly gzipBytesPerSpan: number
  readonly rawBytesPerSpan: number
  readonly disk: DiskUse | undefined
}

/** Of the pool beyond what the warm-up's rate would use: a run that gets faster must not run dry. */
const poolMargin = 1.5
const warmRequests: Record<TargetName, number> = { binnacle: 1_500, naive: 300 }

/**
 * A server as a real process with the embedded engine, and one process that sends: a short run to get warm and to learn the
 * rate, then the measured one. Fails when what is stored is not what was acknowledged.
 */
export async function measureEndToEnd(config: EndToEndConfig): Promise<EndToEndResult> {
  const target = await startTarget(config.target)
  const sender = startSender()
  const store = createStore({
    url: target.clickhouse,
    database: 'binnacle',
    queryMaxExecutionSeconds: 300,
    queryMaxMemoryBytes: 4 * 1024 ** 3,
  })
  try {
    return await measure({ target, sender, store, config })
  } finally {
    sender.close()
    await store.close()
    await target.close()
  }
}

interface Parts {
  readonly target: Target
  readonly sender: Sender
  readonly store: OpenStore
  readonly config: EndToEndConfig
}

async function measure({ target, sender, store, config }: Parts): Promise<EndToEndResult> {
  const { shape, protocol, seconds, warmSeconds, inFlight, templates } = config
  const title = `${target.name}, ${shape}, ${protocol}`
  const urls = urlsOf(target, protocol)
  const pool = (seed: number, requests: number) =>
    sender.prepare({ shape, seed, requests, templates, endMs: Date.now() })
  await step(`${title}: pool for the warm-up`, () => pool(1, warmRequests[config.target]))
  const warm = await sender.send({ ...urls, seconds: warmSeconds, inFlight }, () => {})
  const rate = Math.max(warm.spansInTime / warm.seconds, warm.spans / warm.secondsInAll)
  say(`${title}: warm at ${thousands(rate)} spans/s`)
  const requests = Math.ceil((rate * seconds * poolMargin) / 1_024) + inFlight
  const made = await step(`${title}: pool of ${requests} requests`, () => pool(2, requests))

  const watch = watchProcesses({ service: target.pid, engine: target.enginePid, sender: sender.pid })
  const sent = await sender.send({ ...urls, seconds, inFlight }, (spans) =>
    sayNow(`${title}: ${spans.toLocaleString('en-US')} spans acknowledged`),
  )
  const processes = watch.stop()
  const spansPerSecond = sent.spansInTime / sent.seconds
  say(`${title}: ${thousands(spansPerSecond)} spans/s over ${sent.seconds.toFixed(0)} s`)
  if (sent.exhausted) say(`${title}: the pool was too small; the rate is over the time it lasted`)
  const acknowledged = warm.spans + sent.spans
  const stored = await countStored(store)
  checkNothingLost({ warm, sent, acknowledged, stored })
  const cpuSeconds = Object.values(processes).reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0)
  return {
    target: config.target,
    shape,
    protocol,
    inFlight,
    sent,
    spansPerSecond,
    acknowledged,
    stored,
    processes,
    cpuMicrosPerSpan: (cpuSeconds * 1e6) / sent.spans,
    gzipBytesPerSpan: made.gzipBytes / made.spans,
    rawBytesPerSpan: made.rawBytes / made.spans,
    disk: config.disk ? await step(`${title}: merge and measure`, () => measureDisk(store)) : undefined,
  }
}

function urlsOf(target: Target, protocol: Protocol): { http: string; grpc: string } {
  if (protocol !== 'http' && target.grpc === '') throw new Error(`${target.name} does not listen for gRPC`)
  return {
    http: protocol === 'grpc' ? '' : target.http,
    grpc: protocol === 'http' ? '' : target.grpc,
  }
}

async function countStored(store: OpenStore): Promise<number> {
  const [row] = await store.query<{ spans: number }>({
    sql: 'SELECT count() AS spans FROM spans FINAL',
    params: {},
  })
  return row?.spans ?? 0
}

interface Counts {
  readonly warm: Sent
  readonly sent: Sent
  readonly acknowledged: number
  readonly stored: number
}

function checkNothingLost({ warm, sent, acknowledged, stored }: Counts): void {
  const failures = { ...warm.failures, ...sent.failures }
  if (Object.keys(failures).length > 0)
    throw new Error(`requests failed, so that counts mean nothing: ${JSON.stringify(failures)}`)
  if (acknowledged !== stored)
    throw new Error(
      `${acknowledged} spans were acknowledged and ${stored} are stored: data was lost or doubled`,
    )
}

const thousands = (value: number) => Math.round(value).toLocaleString('en-US')
