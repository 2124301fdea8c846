import { X509Certificate } from 'node:crypto'
import { hostname } from 'node:os'
import { type Mutation, mutate } from '@binnacle/instrumentation/webhook/mutate'
import { errorText } from '../std/assert.ts'
import { type Clock, systemClock } from '../std/clock.ts'
import { createLog, type Log } from '../std/log.ts'
import { createSelfMetrics } from '../std/self-metrics.ts'
import { startAdmin } from './admin.ts'
import { openCertificates } from './certificates/certificates.ts'
import type { WebhookConfig } from './config-schema.ts'
import { createLedger } from './metrics.ts'
import { type InFlight, startServer } from './server.ts'
import { openSwitchedOff } from './switched-off.ts'

/**
 * The injection webhook: API servers ask it about each new pod of namespaces that opted in, and `mutate` answers from the
 * request and the configuration alone. Around it: certificates, files that are read again, health.
 *
 * It stops in this order: not ready → a pause in which it goes on answering → the server → certificates → admin.
 */
export interface RunningWebhook {
  readonly ports: { readonly https: number; readonly admin: number }
  close(): Promise<void>
}

export interface WebhookDeps {
  readonly version: string
  readonly log?: Log
  readonly clock?: Clock
  /** Path of a kubeconfig; absent: the pod's service account, $KUBECONFIG, ~/.kube/config. */
  readonly kubeconfig?: string | undefined
  /** Reads the configuration again, as it is now; throws when it cannot be used. Absent: it never changes. */
  readonly readConfig?: (() => WebhookConfig) | undefined
}

const rereadMs = 2_000
/** Failures of one kind are told once in so long. */
const complainEveryMs = 60_000

/** Throws one clear sentence when it cannot start; nothing stays open then. */
export async function startWebhook(config: WebhookConfig, deps: WebhookDeps): Promise<RunningWebhook> {
  await using opened = new AsyncDisposableStack()
  const { version, clock = systemClock } = deps
  const log = deps.log ?? createLog({ name: 'webhook', level: config.log.level })
  const stopping = new AbortController()
  const inFlight: InFlight = { count: 0 }
  let closing = false
  let settings = config
  let configProblem = ''

  const switchedOff = openSwitchedOff(config.switchedOffFile)
  const metrics = createSelfMetrics({ part: 'webhook', version, instanceId: hostname() })
  opened.defer(() => metrics.close())
  const expiresAtMs = () => {
    const pair = certificates.current()
    return pair ? Date.parse(new X509Certificate(pair.cert).validTo) : 0
  }
  const ledger = createLedger(metrics, {
    certificateSeconds: () => Math.max(0, (expiresAtMs() - clock.nowMs()) / 1_000),
    problems: () =>
      [
        ['configuration', configProblem] as const,
        ['certificate', certificates.problem()] as const,
        ['switched-off', switchedOff.problem()] as const,
      ].map(([part, problem]) => [problem === '' ? 0 : 1, { part }] as const),
    inFlight: () => inFlight.count,
    switchedOff: () => switchedOff.current().length,
  })
  const server = await startServer(
    {
      ...{ ledger, clock, inFlight },
      mutate: (review) => mutate(review, settings, switchedOff.current()),
      onOutcome: createTeller(log, clock),
    },
    config.listen,
  )
  opened.defer(() => server.close())
  const certificates = await openCertificates(
    {
      ...{ clock, log, version },
      random: Math.random,
      kubeconfig: deps.kubeconfig,
      onChange: server.setCertificate,
    },
    config.certificates,
  )
  opened.defer(() => certificates.close())

  function notReady(): string {
    if (closing) return 'it stops'
    if (!certificates.current() || expiresAtMs() <= clock.nowMs())
      return certificates.problem() || 'the certificate has expired'
    return ''
  }
  const admin = await startAdmin({ metrics, notReady }, config.admin)
  opened.defer(() => admin.close())

  async function followFiles(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await clock.sleep(rereadMs, signal)
      if (signal.aborted) return
      const before = switchedOff.problem()
      switchedOff.reread()
      if (switchedOff.problem() !== before && switchedOff.problem() !== '') log.error(switchedOff.problem())
      rereadConfig()
    }
  }

  function rereadConfig(): void {
    try {
      const now = deps.readConfig?.() ?? config
      if (configProblem !== '') log.info('the configuration file can be used again')
      configProblem = ''
      if (now.log.level !== settings.log.level) log.level = now.log.level
      settings = now
    } catch (error) {
      if (configProblem !== errorText(error))
        log.error({ cause: errorText(error) }, 'the configuration file changed and cannot be used')
      configProblem = errorText(error)
    }
  }

  const running = [certificates.run(stopping.signal), followFiles(stopping.signal)]
  const rest = opened.move()
  const ports = { https: server.port, admin: admin.port }
  log.info({ ports, version, languages: config.languages, delivery: config.delivery }, 'the webhook runs')
  return {
    ports,
    async close() {
      if (closing) return
      closing = true
      await clock.sleep(config.listen.stopPauseMs)
      await server.close()
      stopping.abort()
      await Promise.all(running)
      await rest.disposeAsync()
      log.info('the webhook has stopped')
    },
  }
}

/** A line for each pod would be a flood; what must not happen is told, now and then. */
function createTeller(log: Log, clock: Clock): (outcome: Mutation['outcome']) => void {
  let toldAtMs = Number.NEGATIVE_INFINITY
  return ({ result, text, about }) => {
    if (result !== 'failed' && result !== 'unreadable') return log.debug({ pod: about, result }, text)
    if (clock.monotonicMs() - toldAtMs < complainEveryMs) return
    toldAtMs = clock.monotonicMs()
    log.error({ pod: about, result, cause: text }, 'a pod is left as it is, because it cannot be looked at')
  }
}
