import { fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startFakeKubeApi } from '../../support/kube-api/server.ts'
import { eventually, freePort, startNode, tempDirectory } from '../../support/processes.ts'
import { cpuSecondsOf, residentBytesOf } from '../support/process-stat.ts'
import type { SenderMessage, SinkMessage, ToPeer, TraceEncoding } from './trace-peers.ts'

/** What the agent spends on spans that pass through it: received, enriched, spooled with fsync, shipped. */
export interface TracePathFigures {
  readonly encoding: TraceEncoding
  readonly spans: number
  readonly spansPerRequest: number
  readonly rawBytesPerSpan: number
  readonly wireBytesPerSpan: number
  /** As the service was sent it. */
  readonly shippedBytesPerSpan: number
  /** CPU seconds of the agent, all threads, from the first request until the last span is with the service. */
  readonly cpuSeconds: number
  readonly spansPerSecondPerCore: number
  /** By the clock, beside sender and sink on the same machine. */
  readonly spansPerSecond: number
  readonly residentBytesMax: number
}

export interface TracePathConfig {
  readonly encoding: TraceEncoding
  readonly requests: number
  readonly inFlight?: number
  /** Node flags of the agent, such as `--cpu-prof`. */
  readonly flags?: readonly string[]
}

const podUid = 'uid-bench-pod'
/** Requests before the clock starts: code is compiled, files are open. */
const warmUp = 40

/** Runs the agent, a sender and a sink, each in a process of its own. Throws when not every span has arrived. */
export async function measureTracePath(config: TracePathConfig): Promise<TracePathFigures> {
  const { encoding, requests, inFlight = 8, flags = [] } = config
  await using opened = new AsyncDisposableStack()
  const directory = tempDirectory('bench-traces')
  opened.defer(() => directory.remove())
  const kube = await startFakeKubeApi()
  opened.defer(() => kube.close())
  kube.create('Namespace', { metadata: { name: 'kube-system', uid: 'uid-bench' } })
  kube.create('Namespace', { metadata: { name: 'shop', labels: { 'binnacle.dev/collect': 'enabled' } } })
  kube.create('Pod', {
    metadata: { name: 'web-1', namespace: 'shop', uid: podUid },
    spec: { nodeName: 'node-1', containers: [{ name: 'main', image: 'registry/web:v3' }] },
    status: { phase: 'Running', podIP: '10.0.0.7' },
  })
  const kubeconfig = join(directory.path, 'kubeconfig')
  writeFileSync(kubeconfig, kube.kubeconfig())

  const sink = startPeer<SinkMessage>('sink')
  opened.defer(() => sink.close())
  const sender = startPeer<SenderMessage>('sender')
  opened.defer(() => sender.close())
  const [{ port: sinkPort }, pool] = await Promise.all([
    sink.ask('start', {}),
    sender.ask('prepare', { encoding, podUid }),
  ])

  const [http, grpc, admin] = [await freePort(), await freePort(), await freePort()]
  const agent = startNode([...flags, 'collector/cli/main.ts', 'agent', '--kubeconfig', kubeconfig], {
    BINNACLE_SERVICE_ENDPOINT: `http://127.0.0.1:${sinkPort}`,
    BINNACLE_SPOOL_DIRECTORY: join(directory.path, 'spool'),
    BINNACLE_RECEIVE_HTTP_PORT: String(http),
    BINNACLE_RECEIVE_GRPC_PORT: String(grpc),
    BINNACLE_ADMIN_PORT: String(admin),
    BINNACLE_SCRAPE_ENABLED: 'false',
  })
  opened.defer(async () => {
    await agent.kill('SIGTERM')
    if (process.env['BINNACLE_BENCH_LOG']) writeFileSync(process.env['BINNACLE_BENCH_LOG'], agent.output())
  })
  const ready = async () => (await fetch(`http://127.0.0.1:${admin}/readyz`)).ok || undefined
  await eventually('the agent is ready', ready, { withinMs: 30_000, hint: agent.output })

  const url = `http://127.0.0.1:${http}`
  const send = async (count: number) => {
    const { spans } = await sender.ask('send', { url, requests: count, inFlight })
    return { spans }
  }
  const shipped = async () => {
    const status = (await (await fetch(`http://127.0.0.1:${admin}/status`)).json()) as {
      readonly items: readonly { readonly lane: string; readonly shipped: number }[]
    }
    return status.items.find(({ lane }) => lane === 'traces')?.shipped ?? 0
  }
  const until = (spans: number) =>
    eventually('every span is shipped', async () => (await shipped()) >= spans || undefined, {
      withinMs: 60_000,
      hint: agent.output,
    })

  const warm = await send(warmUp)
  await until(warm.spans)
  await sink.ask('count', {})
  const cpuBefore = cpuSecondsOf(agent.pid)
  const startedAt = performance.now()
  const { spans } = await send(requests)
  await until(warm.spans + spans)
  const seconds = (performance.now() - startedAt) / 1000
  const cpuSeconds = cpuSecondsOf(agent.pid) - cpuBefore
  const residentBytesMax = residentBytesOf(agent.pid).max
  const arrived = await sink.ask('count', {})
  if (arrived.spans !== spans || arrived.unenriched > 0)
    throw new Error(
      `of ${spans} spans ${arrived.spans} arrived, ${arrived.unenriched} parts without their pod`,
    )
  return {
    encoding,
    spans,
    spansPerRequest: pool.spansPerRequest,
    rawBytesPerSpan: pool.rawBytes / pool.spans,
    wireBytesPerSpan: pool.wireBytes / pool.spans,
    shippedBytesPerSpan: arrived.bytes / spans,
    cpuSeconds,
    spansPerSecondPerCore: spans / cpuSeconds,
    spansPerSecond: spans / seconds,
    residentBytesMax,
  }
}

interface Peer<Answers> {
  ask<T extends keyof Answers & string>(
    type: T,
    what: Omit<Extract<ToPeer, { type: T }>, 'type'>,
  ): Promise<Answers[T]>
  close(): Promise<void>
}

function startPeer<Answers>(role: 'sink' | 'sender'): Peer<Answers> {
  const child = fork(join(import.meta.dirname, 'trace-peers.ts'), [role], { execArgv: [] })
  const died = once(child, 'exit').then(([code]) => {
    throw new Error(`the ${role} ended with exit code ${code}`)
  })
  died.catch(() => {})
  return {
    async ask(type, what) {
      const answer = once(child, 'message')
      child.send({ type, ...what })
      const [message] = await Promise.race([answer, died])
      return message as Answers[typeof type]
    },
    async close() {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}

if (import.meta.main) {
  const [encoding = 'gzip', requests = '600', ...flags] = process.argv.slice(2)
  const config = { encoding: encoding as TraceEncoding, requests: Number(requests), flags }
  console.log(await measureTracePath(config))
}
