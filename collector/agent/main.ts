import { hostname } from 'node:os'
import { loadKubeAccess } from '../kube/access.ts'
import { createKubeClient } from '../kube/client.ts'
import { type Clock, systemClock } from '../std/clock.ts'
import { createLog, type Log } from '../std/log.ts'
import { createSelfMetrics } from '../std/self-metrics.ts'
import { startAdmin } from './admin.ts'
import { createClusterHalf } from './cluster.ts'
import type { AgentConfig } from './config-schema.ts'
import { createLastKnownGood } from './control/last-known-good.ts'
import { openDelivery } from './delivery.ts'
import { createAgentLedger } from './metrics.ts'
import { createReporting } from './reporting.ts'
import { createRetelling } from './retelling.ts'
import { createSettings } from './settings.ts'
import { createServiceLink } from './ship/service-link.ts'
import { systemDisk } from './spool/disk.ts'
import { type AgentStatus, agentResource, createStatusReader } from './status.ts'
import { createTraffic } from './traffic.ts'
import { watchValues } from './watch-values.ts'

export type { AgentStatus } from './status.ts'

/**
 * The cluster agent, top to bottom as the data flows (traces pass the tail sampler between spool and ship, if it is on):
 *
 *   kubernetes API ──▶ cluster: pipeline, scraper ─┐
 *                                                  ├──▶ delivery: batch ──▶ spool ──▶ ship ──▶ service
 *   applications ───▶ telemetry: receivers ────────┘                                    ▲
 *                                        reporting: health, configuration ──────────────┘
 *
 * Mode `state` has no telemetry: its code is not even loaded.
 * It stops in the order of the flow: not ready → a pause → receivers → pipeline and scraper → batch into the spool → ship
 * for a moment → the lease is given back → spool. What is not shipped by then stays in the spool; after a crash, too.
 */
export interface RunningAgent {
  /** Ports as they are, also where the configuration says 0; in mode `state` those of telemetry are 0. */
  readonly ports: { readonly grpc: number; readonly http: number; readonly admin: number }
  status(): AgentStatus
  close(): Promise<void>
}

export interface AgentDeps {
  readonly version: string
  readonly log?: Log
  /** Path of a kubeconfig; absent: the pod's service account, $KUBECONFIG, ~/.kube/config. */
  readonly kubeconfig?: string | undefined
  /** Reads the configuration again, as it is now; throws when it cannot be used. Absent: it never changes. */
  readonly readConfig?: (() => AgentConfig) | undefined
  /** The addresses of a host; absent: as the system finds them. */
  readonly resolve?: ((host: string) => Promise<readonly string[]>) | undefined
}

/** The code of the applications' half, where the mode has one. */
export async function loadTelemetry(mode: AgentConfig['mode']) {
  return mode === 'full' ? await import('./telemetry.ts') : undefined
}

/** Throws one clear sentence when the agent cannot start; nothing stays open then. */
export async function startAgent(config: AgentConfig, deps: AgentDeps): Promise<RunningAgent> {
  await using opened = new AsyncDisposableStack()
  const { version } = deps
  const clock: Clock = systemClock
  const random = Math.random
  const log = deps.log ?? createLog({ name: 'agent', level: config.log.level })
  const startedAtMs = clock.nowMs()
  const stopping = new AbortController()
  let closing = false
  const half = await loadTelemetry(config.mode)

  const metrics = createSelfMetrics({ part: 'agent', version, instanceId: hostname() })
  opened.defer(() => metrics.close())
  const ledger = createAgentLedger(metrics, { lanes: () => delivery.gauges(), nowMs: clock.nowMs })
  const access = await loadKubeAccess({
    clock,
    ...(deps.kubeconfig === undefined ? {} : { kubeconfig: deps.kubeconfig }),
  })
  const client = createKubeClient({ access, log })
  opened.defer(() => client.close())
  const link = createServiceLink({ clock, log }, { ...config.service, timeoutMs: config.ship.timeoutMs })
  opened.defer(() => link.close())
  const settings = createSettings(config)

  const traffic = createTraffic(clock, () => cluster.pods())
  const retellings = metrics.counter(
    'kube_retellings',
    'Times everything watched was told anew, after records of the cluster were lost',
  )
  const retelling = createRetelling({
    clock,
    isClear: () => cluster.leads() && cluster.isInStep() && delivery.isKubeClear(),
    tellAnew() {
      retellings.add(1)
      log.info('records of the cluster were lost: everything is told anew')
      cluster.pipeline.resync()
    },
  })
  const delivery = await openDelivery(
    {
      ...{ clock, random, log, ledger },
      dispatcher: link.dispatcher,
      authorization: link.authorization,
      resource: () => agentResource(version, cluster.identity()),
      mayLeave: (namespace, writtenAtMs) => cluster.mayLeave(namespace, writtenAtMs),
      onKubeLoss: retelling.lost,
      onSent(lane, bytes) {
        ledger.sent(lane, bytes)
        traffic.sent(lane, bytes)
      },
      openSampler:
        half && config.sampling.enabled
          ? (source, about) => half.openSampler({ clock, metrics, ledger, settings }, { source, ...about })
          : undefined,
    },
    config,
  )
  opened.defer(() => delivery.close())
  const lastKnownGood = createLastKnownGood({ disk: systemDisk, log }, config.spool)
  const known = await lastKnownGood.load()
  if (known && settings.offer(known).status === 'failed')
    log.warn({ cause: settings.remoteStatus()?.error }, 'cannot use the last remote configuration any more')
  const followLevel = () => {
    log.level = settings.current().config.log.level
  }
  if (settings.current().config.log.level !== config.log.level) followLevel()
  settings.subscribe((now, before) => {
    if (now.config.log.level !== before.config.log.level) followLevel()
  })

  const { batcher } = delivery
  const cluster = createClusterHalf(
    {
      ...{ client, clock, random, log, metrics, ledger, settings, batcher },
      onNamespaces: () => reporting.wake(),
    },
    config,
  )
  const reporting = createReporting(
    {
      ...{ link, client, clock, random, log, settings, lastKnownGood, cluster },
      read: () => reader.report(),
    },
    { agentUid: delivery.agentUid, config },
  )
  const reader = createStatusReader({
    ...{ version, startedAtMs, config, settings, ledger, traffic, delivery, cluster, reporting },
    isStopping: () => closing,
  })
  const admin = await startAdmin({ metrics, ...reader, explain: cluster.pipeline.explain }, config.admin)
  opened.defer(() => admin.close())
  const receivers = await half?.startTelemetry(
    {
      ...{ clock, log, metrics, ledger, batcher },
      pods: cluster.pipeline.pods,
      decide: cluster.pipeline.decide,
      clusterUid: cluster.pipeline.clusterUid,
      podsKnown: cluster.podsKnown,
      resolve: deps.resolve,
    },
    config,
  )
  opened.defer(() => receivers?.close())

  delivery.start()
  const collecting = [cluster.run(stopping.signal), retelling.run(stopping.signal)]
  const reported = reporting.run(stopping.signal)
  const watching =
    deps.readConfig &&
    watchValues(
      { read: deps.readConfig, settings, clock, log },
      { intervalMs: 5_000, signal: stopping.signal },
    )
  const { endpoint } = config.service
  log.info({ agentUid: delivery.agentUid, endpoint, version, mode: config.mode }, 'the agent runs')

  async function close(): Promise<void> {
    if (closing) return
    closing = true
    log.info('the agent stops')
    if (receivers) {
      await clock.sleep(config.receive.stopPauseMs)
      await receivers.close()
    }
    // From here the lease is not renewed, or the others would take us for one that goes on speaking; it is held until all
    // is sent.
    stopping.abort()
    await Promise.all([...collecting, watching])
    await cluster.close()
    await delivery.flush()
    await Promise.all([delivery.drain(), reported.then(reporting.disconnect)])
    await cluster.release()
    await delivery.close()
    await rest.disposeAsync()
    log.info('the agent has stopped')
  }

  const rest = opened.move()
  const ports = receivers?.ports ?? { grpc: 0, http: 0 }
  return { ports: { ...ports, admin: admin.port }, status: reader.status, close }
}
