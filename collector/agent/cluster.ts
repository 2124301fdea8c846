import { hostname } from 'node:os'
import { join } from 'node:path'
import type { KubeClient } from '../kube/client.ts'
import type { KubeRecord } from '../record/kube.ts'
import type { Clock } from '../std/clock.ts'
import type { Log } from '../std/log.ts'
import type { SelfMetrics } from '../std/self-metrics.ts'
import type { Batcher } from './batch/batcher.ts'
import { writesSwitchedOff } from './config.ts'
import type { AgentConfig } from './config-schema.ts'
import { createCrashCapture } from './crash/crash-capture.ts'
import { createElector } from './elect/elector.ts'
import { createStandby } from './elect/standby.ts'
import { createCrashGuard } from './guard/crash-guard.ts'
import type { AgentCondition } from './health.ts'
import { createKubePipeline, type KubePipeline } from './kube-pipeline.ts'
import type { AgentLedger } from './metrics.ts'
import { createCollectedNamespaces } from './scope/collected.ts'
import { createUsageScraper } from './scrape/scraper.ts'
import type { Settings } from './settings.ts'
import { systemDisk } from './spool/disk.ts'

/**
 * The cluster's half of the agent, which runs in every mode: the state and the events of the cluster, its usage and its
 * crashes ──▶ batch, told by the replica that leads.
 */
export interface ClusterHalf {
  readonly pipeline: KubePipeline
  identity(): { readonly uid: string; readonly name: string }
  /** Whether this replica speaks for the cluster. */
  leads(): boolean
  /** What was written before its namespace opted out stays here, even if it has opted in again. */
  mayLeave(namespace: string, writtenAtMs: number): 'yes' | 'no' | 'pending'
  podsKnown(): boolean
  /** That are watched now. */
  pods(): number
  /** The API server can be read, so that everything can be told anew. */
  isInStep(): boolean
  /** Resource kinds are watched but the API server denies some. */
  isDenied(): boolean
  condition(): Pick<
    AgentCondition,
    'clusterUid' | 'clockAheadMs' | 'reflectors' | 'usage' | 'election' | 'crashLogs' | 'crashGuard'
  >
  /** Runs until the signal aborts; the lease is then held on. */
  run(signal: AbortSignal): Promise<void>
  /** Hands what waits to the batcher. */
  close(): Promise<void>
  /** After the last of ours is sent: the next leader speaks after us. */
  release(): Promise<void>
}

export interface ClusterDeps {
  readonly client: KubeClient
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
  readonly metrics: SelfMetrics
  readonly ledger: AgentLedger
  readonly settings: Settings
  readonly batcher: Batcher
  /** The namespaces, or the decisions on them, have changed. */
  readonly onNamespaces: () => void
}

export function createClusterHalf(deps: ClusterDeps, config: AgentConfig): ClusterHalf {
  const { client, clock, random, log, metrics, ledger, settings, batcher, onNamespaces } = deps
  // What is told of the cluster has the API server's time where our clock is wrong: of two replicas' states the newer wins.
  const kubeClock: Clock = { ...clock, nowMs: () => clock.nowMs() + client.clockAheadMs() }
  /** By the clock of what is written; one entry a namespace that opted out in this run. */
  const optedOutAtMs = new Map<string, number>()
  const collectedPath = join(config.spool.directory, 'collected-namespaces.json')

  const { injection } = config
  const guardDecisions = metrics.counter(
    'crash_guard_decisions',
    'Workloads that injection was switched off for, conflicts of writing them, and oldest entries left out, by outcome',
  )
  const guard = writesSwitchedOff(config)
    ? createCrashGuard(
        {
          ...{ client, clock: kubeClock, random, log },
          isLeader: leads,
          onChange: (workloads) => pipeline.retellWorkloads(workloads),
          onOutcome: (outcome, times) => guardDecisions.add(times, { outcome }),
        },
        { ...injection, windowMs: injection.crashGuard.minutes * 60_000 },
      )
    : undefined

  const pipeline = createKubePipeline(
    {
      client,
      clock: kubeClock,
      random,
      log,
      metrics,
      emit: (record) => (standby ? standby.emit(record) : emit(record)),
      room: batcher.kubeRoom,
      onScopeStop(namespace) {
        standby?.dropNamespace(namespace)
        batcher.dropNamespace(namespace)
        optedOutAtMs.set(namespace, clock.nowMs())
      },
      onNamespaces,
      guard,
      collected: createCollectedNamespaces({
        clock,
        log,
        read: () => systemDisk.readFile(collectedPath),
        replace: (bytes) => systemDisk.replaceFile(collectedPath, bytes),
      }),
    },
    {
      clusterUid: config.cluster.id,
      namespaces: config.namespaces,
      watch: config.watch,
      namespacedWatchesMax: config.watch.namespacesMax,
      installation: `${config.leaderElection.namespace}/${config.leaderElection.name}`,
    },
  )
  const elector = config.leaderElection.enabled
    ? createElector(
        {
          client,
          clock,
          random,
          log,
          onLead: () => standby?.lead(),
          onOtherLeads: () => standby?.otherLeads(),
        },
        { ...config.leaderElection, identity: config.leaderElection.identity || hostname() },
      )
    : undefined
  const standbyDropped = metrics.counter(
    'standby_records_dropped',
    'Records of a standby that its memory had no room for; a takeover then reads everything anew',
  )
  const standby = elector
    ? createStandby({
        clock,
        isLeader: elector.isLeader,
        emit,
        hasRoom: () => batcher.state().kube.bytes < config.batch.memoryBytesMax / 2,
        onDropped: (records) => standbyDropped.add(records),
        onGap: pipeline.resync,
      })
    : undefined
  metrics.gauge('leader', 'Whether this replica speaks for the cluster', () => (leads() ? 1 : 0))
  metrics.gauge(
    'standby_records',
    'Records that wait until it is known that the leader has them',
    () => standby?.state().records ?? 0,
  )
  pipeline.setScope(settings.current().config.namespaces, settings.current().remoteScope)

  const scraper = createUsageScraper(
    {
      client,
      clock: kubeClock,
      random,
      log,
      namespaces: () => (leads() ? pipeline.selectedNamespaces() : []),
      pods: pipeline.pods,
      emit: (points) => {
        ledger.received({ lane: 'metrics', signal: 'metrics' }, batcher.usage(points))
      },
    },
    {
      current: () => settings.current().config.scrape,
      clusterWide: config.watch.mode === 'cluster',
      namespacesMax: config.watch.namespacesMax,
      nodes: config.watch.mode === 'cluster' && config.watch.nodes === 'on',
    },
  )
  const crashes = config.crashLogs.enabled
    ? createCrashCapture(
        {
          client,
          clock,
          log,
          isSelected: (namespace) => pipeline.decide(namespace).selected,
          emit,
          onOutcome: (outcome) => ledger.crashLog(outcome),
        },
        config.crashLogs,
      )
    : undefined
  settings.subscribe((now) => {
    pipeline.setScope(now.config.namespaces, now.remoteScope)
    scraper.wake()
  })

  function leads(): boolean {
    return elector?.isLeader() ?? true
  }

  function podReflectors() {
    return pipeline.status().reflectors.filter(({ resource }) => resource === 'pods')
  }

  function emit(record: KubeRecord): void {
    ledger.received({ lane: 'kube', signal: 'logs' }, 1)
    batcher.kube([record])
    crashes?.see(record)
  }

  return {
    pipeline,
    identity: () => ({ uid: pipeline.clusterUid(), name: config.cluster.name || pipeline.clusterUid() }),
    leads,
    mayLeave(namespace, writtenAtMs) {
      const optedOut = writtenAtMs <= (optedOutAtMs.get(namespace) ?? Number.NEGATIVE_INFINITY)
      return optedOut ? 'no' : pipeline.mayLeave(namespace)
    },
    podsKnown: () =>
      pipeline.status().synced &&
      podReflectors().every(({ syncs, state }) => syncs > 0 || state === 'denied' || state === 'absent'),
    pods: () => podReflectors().reduce((sum, { objects }) => sum + objects, 0),
    isInStep: () =>
      pipeline.status().synced &&
      pipeline.status().reflectors.every(({ state }) => state !== 'retrying' && state !== 'starting'),
    isDenied: () => pipeline.status().reflectors.some(({ state }) => state === 'denied'),
    condition: () => ({
      clusterUid: pipeline.clusterUid(),
      clockAheadMs: client.clockAheadMs(),
      reflectors: pipeline.status().reflectors,
      usage: scraper.status(),
      election: elector?.status(),
      crashLogs: crashes?.status(),
      crashGuard: guard?.status(),
    }),
    async run(signal) {
      await Promise.all([
        pipeline.start(signal),
        scraper.run(signal),
        elector?.run(signal),
        crashes?.run(signal),
        guard?.run(signal),
      ])
    },
    async close() {
      await pipeline.close()
      await standby?.close()
    },
    async release() {
      await elector?.release()
    },
  }
}
