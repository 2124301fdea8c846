import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { type Dispatcher, request } from 'undici'
import type { RemoteConfigStatus } from '../../record/remote-config.ts'
import { errorText } from '../../std/assert.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import {
  type AgentHealth,
  type AgentMessage,
  encodeAgentMessage,
  parseServerMessage,
  type RemoteConfigOffer,
} from '../../wire/opamp.ts'

/**
 * Reports this agent to the service over OpAMP (plain HTTP, polling) and takes remote configuration from the answers.
 *
 * What has not changed since the service last took it is left out; the service may ask for all of it again. A report with
 * no news says how long the service may keep it (`Prefer: wait=30`, RFC 7240): the service answers at once when it has a
 * new configuration, so that a change arrives within a second and an agent costs two small requests a minute. `wake` ends
 * such a wait, which loses nothing, when there is news to report.
 * A service that is away or knows no OpAMP costs one warning: telemetry does not depend on it.
 */
export interface Reporter {
  /** Reports until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
  /** Says goodbye, within the timeout. */
  disconnect(): Promise<void>
  /** There may be news to report: does so soon. */
  wake(): void
  state(): ReporterState
}

export interface ReporterState {
  readonly lastSuccessMs: number | undefined
  readonly failure: string | undefined
  /** Of the last answer that was not 200; undefined: none, or nobody answered. */
  readonly refusedWith: number | undefined
  /** Of the service's clock against ours, by the Date header of its last answer; whole seconds. */
  readonly clockSkewMs: number | undefined
}

export interface AgentReport {
  readonly description: ReadonlyMap<string, string>
  readonly health: AgentHealth
  /** YAML without secrets. */
  readonly effectiveConfig: string
  /** Absent: none was offered yet. */
  readonly remoteConfig?: RemoteConfigStatus
  /** A NamespacesReport as JSON; absent: not known (yet). */
  readonly namespaces?: string
}

export interface ReporterDeps {
  readonly dispatcher: Dispatcher
  readonly authorization: () => Promise<Record<string, string>>
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
  readonly read: () => AgentReport
  readonly onOffer: (offer: RemoteConfigOffer) => void
}

export interface ReporterConfig {
  /** Base address of the service; `/v1/opamp` is appended. */
  readonly endpoint: string
  readonly agentUid: string
  readonly intervalMs: number
  readonly timeoutMs: number
}

type Part = 'description' | 'health' | 'effectiveConfig' | 'remoteConfig' | 'namespaces'
type Reported = Partial<Record<Part, string | undefined>>

const answerBytesMax = 1024 * 1024
/** Longer waits meet the idle timeouts of proxies. */
const heldMsMax = 30_000
/** Between two reports that have news: changes come in groups. */
const newsIntervalMs = 500
const gzipBytesMin = 1_024
const compress = promisify(gzip)

export function createReporter(deps: ReporterDeps, config: ReporterConfig): Reporter {
  const { dispatcher, authorization, clock, random, log, read, onOffer } = deps
  const { agentUid, intervalMs, timeoutMs } = config
  const url = `${config.endpoint.replace(/\/+$/, '')}/v1/opamp`
  let sequence = 0
  let reported: Reported = {}
  let lastSuccessMs: number | undefined
  let failure: string | undefined
  let refusedWith: number | undefined
  let clockSkewMs: number | undefined
  let waking = new AbortController()

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      waking = new AbortController()
      const startedMs = clock.monotonicMs()
      const outcome = await report({ disconnect: false, signal })
      if (outcome === 'again') continue
      const intervalLeftMs = intervalMs * (0.9 + random() / 5) - (clock.monotonicMs() - startedMs)
      // After news comes a report that the service may keep, unless it does not answer at all.
      if (outcome === 'news' || waking.signal.aborted)
        await clock.sleep(Math.min(newsIntervalMs, intervalMs), signal)
      else await clock.sleep(Math.max(0, intervalLeftMs), AbortSignal.any([signal, waking.signal]))
    }
  }

  /** `again`: there is something to report at once: what became of an offer, or all that the service asks for. */
  async function report({
    disconnect,
    signal,
  }: {
    disconnect: boolean
    signal: AbortSignal
  }): Promise<'again' | 'news' | 'nothing new' | 'failed'> {
    const now = read()
    const current: Reported = {
      description: JSON.stringify([...now.description]),
      health: JSON.stringify(now.health),
      effectiveConfig: now.effectiveConfig,
      remoteConfig: now.remoteConfig && JSON.stringify(now.remoteConfig),
      namespaces: now.namespaces,
    }
    const isNew = (key: Part) => current[key] !== undefined && current[key] !== reported[key]
    const message: AgentMessage = {
      agentUid,
      sequence: ++sequence,
      disconnect,
      ...(isNew('description') ? { description: now.description } : {}),
      ...(isNew('health') ? { health: now.health } : {}),
      ...(isNew('effectiveConfig') ? { effectiveConfig: now.effectiveConfig } : {}),
      ...(now.remoteConfig && isNew('remoteConfig') ? { remoteConfig: now.remoteConfig } : {}),
      ...(now.namespaces !== undefined && isNew('namespaces') ? { namespaces: now.namespaces } : {}),
    }
    const hasNews = disconnect || (Object.keys(current) as Part[]).some(isNew)
    const heldMs = hasNews ? 0 : Math.min(intervalMs, heldMsMax)
    try {
      const answer = await exchange(message, { heldMs, signal })
      const wasEmpty = Object.keys(reported).length === 0
      reported = answer.reportFullState ? {} : current
      if (failure !== undefined) log.info('the service takes reports again')
      failure = undefined
      refusedWith = undefined
      lastSuccessMs = clock.nowMs()
      if (answer.remoteConfig && !disconnect) {
        onOffer(answer.remoteConfig)
        if (answer.remoteConfig.hash !== now.remoteConfig?.hash) return 'again'
      }
      // Asked for all of it right after all of it: not at once again.
      if (answer.reportFullState && !wasEmpty) return 'again'
      return hasNews ? 'news' : 'nothing new'
    } catch (error) {
      if (signal.aborted) return 'failed'
      // A report that waits has no news that could be lost.
      if (heldMs > 0 && waking.signal.aborted) return 'nothing new'
      // It may have come through or not: everything again.
      reported = {}
      if (failure === undefined) log.warn({ url, cause: errorText(error) }, 'cannot report to the service')
      failure = errorText(error)
      return 'failed'
    }
  }

  async function exchange(
    message: AgentMessage,
    { heldMs, signal }: { readonly heldMs: number; readonly signal: AbortSignal },
  ) {
    const waitSeconds = Math.floor(heldMs / 1_000)
    const bytes = encodeAgentMessage(message)
    const zip = bytes.length >= gzipBytesMin
    const response = await request(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-protobuf',
        ...(zip ? { 'content-encoding': 'gzip' } : {}),
        ...(waitSeconds > 0 ? { prefer: `wait=${waitSeconds}` } : {}),
        ...(await authorization()),
      },
      body: zip ? await compress(bytes) : bytes,
      dispatcher,
      headersTimeout: heldMs + timeoutMs,
      signal: AbortSignal.any([
        signal,
        AbortSignal.timeout(heldMs + timeoutMs),
        ...(heldMs > 0 ? [waking.signal] : []),
      ]),
    })
    const chunks: Buffer[] = []
    let received = 0
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      received += chunk.length
      if (received > answerBytesMax) throw new Error(`the answer is larger than ${answerBytesMax} bytes`)
      chunks.push(chunk)
    }
    const serviceMs = Date.parse(String(response.headers['date'] ?? ''))
    if (Number.isFinite(serviceMs)) clockSkewMs = Math.round((serviceMs - clock.nowMs()) / 1_000) * 1_000
    refusedWith = response.statusCode === 200 ? undefined : response.statusCode
    if (response.statusCode !== 200) throw new Error(`the service answered ${response.statusCode}`)
    return parseServerMessage(Buffer.concat(chunks))
  }

  return {
    run,
    wake: () => waking.abort(),
    async disconnect() {
      await report({ disconnect: true, signal: AbortSignal.timeout(timeoutMs) })
    },
    state: () => ({ lastSuccessMs, failure, refusedWith, clockSkewMs }),
  }
}
