import { type Dispatcher, request } from 'undici'
import { errorText } from '../../std/assert.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import {
  type AgentHealth,
  type AgentMessage,
  encodeAgentMessage,
  parseServerMessage,
} from '../../wire/opamp.ts'

/**
 * Reports this agent to the service over OpAMP (plain HTTP, polling): identity, health, effective configuration.
 *
 * What has not changed since the service last took it is left out; the service may ask for all of it again. A service
 * that is away or knows no OpAMP costs one warning: telemetry does not depend on it.
 * Remote configuration will arrive in the answers that `exchange` reads.
 */
export interface Reporter {
  /** Reports until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
  /** Says goodbye, within the timeout. */
  disconnect(): Promise<void>
  state(): ReporterState
}

export interface ReporterState {
  readonly lastSuccessMs: number | undefined
  readonly failure: string | undefined
}

export interface AgentReport {
  readonly description: ReadonlyMap<string, string>
  readonly health: AgentHealth
  /** YAML without secrets. */
  readonly effectiveConfig: string
}

export interface ReporterDeps {
  readonly dispatcher: Dispatcher
  readonly authorization: () => Promise<Record<string, string>>
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
  readonly read: () => AgentReport
}

export interface ReporterConfig {
  /** Base address of the service; `/v1/opamp` is appended. */
  readonly endpoint: string
  readonly agentUid: string
  readonly intervalMs: number
  readonly timeoutMs: number
}

type Reported = Partial<Record<'description' | 'health' | 'effectiveConfig', string>>

const answerBytesMax = 1024 * 1024

export function createReporter(deps: ReporterDeps, config: ReporterConfig): Reporter {
  const { dispatcher, authorization, clock, random, log, read } = deps
  const { agentUid, intervalMs, timeoutMs } = config
  const url = `${config.endpoint.replace(/\/+$/, '')}/v1/opamp`
  let sequence = 0
  let reported: Reported = {}
  let lastSuccessMs: number | undefined
  let failure: string | undefined

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const again = await report({ disconnect: false, signal })
      if (again) continue
      await clock.sleep(intervalMs * (0.9 + random() / 5), signal)
    }
  }

  /** True when the service asks for everything at once. */
  async function report({
    disconnect,
    signal,
  }: {
    disconnect: boolean
    signal: AbortSignal
  }): Promise<boolean> {
    const now = read()
    const current = {
      description: JSON.stringify([...now.description]),
      health: JSON.stringify(now.health),
      effectiveConfig: now.effectiveConfig,
    }
    const isNew = (key: keyof Reported) => current[key] !== reported[key]
    try {
      const answer = await exchange(
        {
          agentUid,
          sequence: ++sequence,
          disconnect,
          ...(isNew('description') ? { description: now.description } : {}),
          ...(isNew('health') ? { health: now.health } : {}),
          ...(isNew('effectiveConfig') ? { effectiveConfig: now.effectiveConfig } : {}),
        },
        signal,
      )
      const wasEmpty = Object.keys(reported).length === 0
      reported = answer.reportFullState ? {} : current
      if (failure !== undefined) log.info('the service takes reports again')
      failure = undefined
      lastSuccessMs = clock.nowMs()
      // Asked for all of it right after all of it: not at once again.
      return answer.reportFullState && !wasEmpty
    } catch (error) {
      if (signal.aborted) return false
      // It may have come through or not: everything again.
      reported = {}
      if (failure === undefined) log.warn({ url, cause: errorText(error) }, 'cannot report to the service')
      failure = errorText(error)
      return false
    }
  }

  async function exchange(message: AgentMessage, signal: AbortSignal) {
    const response = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf', ...(await authorization()) },
      body: encodeAgentMessage(message),
      dispatcher,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    })
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > answerBytesMax) throw new Error(`the answer is larger than ${answerBytesMax} bytes`)
      chunks.push(chunk)
    }
    if (response.statusCode !== 200) throw new Error(`the service answered ${response.statusCode}`)
    return parseServerMessage(Buffer.concat(chunks))
  }

  return {
    run,
    async disconnect() {
      await report({ disconnect: true, signal: AbortSignal.timeout(timeoutMs) })
    },
    state: () => ({ lastSuccessMs, failure }),
  }
}
