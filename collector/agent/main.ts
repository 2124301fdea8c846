import { readFile } from 'node:fs/promises'
import { hostname, type } from 'node:os'
import { join } from 'node:path'
import type { KubeRecord } from '../record/kube.ts'
import type { OtlpSignal } from '../record/otlp.ts'
import { namespacesReportedMax, type RemoteConfigStatus } from '../record/remote-config.ts'
import { type Clock, systemClock } from '../std/clock.ts'
import { createLog, type Log } from '../std/log.ts'
import { createSelfMetrics } from '../std/self-metrics.ts'
import { encodeKubeLogs, encodeUsage } from '../wire/encode-records.ts'
import type { RemoteConfigOffer } from '../wire/opamp.ts'
import { splitRequest } from '../wire/split-request.ts'
import { startAdmin } from './admin.ts'
import { type BatchLaneName, createBatcher } from './batch/batcher.ts'
import { redactedYaml } from './config.ts'
import type { AgentConfig } from './config-schema.ts'
import { createLastKnownGood } from './control/last-known-good.ts'
import { reportNamespaces } from './control/report-namespaces.ts'
import { createReporter } from './control/reporter.ts'
import { createServiceChecks } from './control/service-checks.ts'
import { createCrashCapture } from './crash/crash-capture.ts'
import { createElector } from './elect/elector.ts'
import { createStandby } from './elect/standby.ts'
import { deriveHealth } from './health.ts'
import { loadKubeAccess } from './kube/access.ts'
import { createAccessReview, neededRights } from './kube/access-review.ts'
import { createKubeClient, type KubeClient } from './kube/client.ts'
import { createKubePipeline } from './kube-pipeline.ts'
import { createAgentLedger, type DropReason, type LaneGauges, type LedgerLine } from './metrics.ts'
import { createOtlpHandler, type RequestSeen } from './receive/handler.ts'
import { createLatePods } from './receive/late-pods.ts'
import { startReceivers } from './receivers.ts'
import { createRetelling } from './retelling.ts'
import { createTailSampler } from './sample/tail-sampler.ts'
import { createCollectedNamespaces } from './scope/collected.ts'
import { createUsageScraper } from './scrape/scraper.ts'
import { createSettings } from './settings.ts'
import { createPost } from './ship/post.ts'
import { createServiceLink } from './ship/service-link.ts'
import { createShipper, type ShipBatch, type ShipDeps, type ShipSettled } from './ship/shipper.ts'
import { systemDisk } from './spool/disk.ts'
import { type LaneName, laneNames, openSpool } from './spool/spool.ts'
import { watchValues } from './watch-values.ts'

/**
 * The cluster agent, top to bottom as the data flows (traces pass the tail sampler between spool and ship, if it is on):
 *
 *   kubernetes API ──▶ pipeline, scraper ─┐
 *                                         ├──▶ batch ──▶ spool ──▶ ship ──▶ service
 *   applications ───▶ receivers ──────────┘                         ▲
 *                                      reporter (health, config) ───┘
 *
 * It stops in the order of the flow: not ready → a pause → receivers → pipeline and scraper → batch into the spool → ship
 * for a moment → the lease is given back → spool. What is not shipped by then stays in the spool; after a crash, too.
 */
export interface RunningAgent {
  /** Ports as they are, also where the configuration says 0. */
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
}

export interface AgentStatus {
  readonly agentUid: string
  readonly version: string
  readonly ready: boolean
  /** Why it is not ready, else ''. */
  readonly notReady: string
  readonly health: ReturnType<typeof deriveHealth>
  readonly cluster: { readonly uid: string; readonly name: string }
  /** Whether this replica speaks for the cluster; the others receive and stand by. */
  readonly leader: boolean
  readonly namespaces: readonly {
    readonly namespace: string
    readonly selected: boolean
    readonly reason: string
  }[]
  /** The others, up to `namespacesReportedMax`, and why they are not collected. */
  readonly notCollected: readonly { readonly namespace: string; readonly reason: string }[]
  readonly configuration: {
    readonly remote: RemoteConfigStatus | undefined
    readonly needsRestart: readonly string[]
    readonly problem: string
  }
  /** Per lane and signal; at rest received + recovered = shipped + rejected + dropped + queued. */
  readonly items: readonly LedgerLine[]
  readonly lanes: readonly LaneGauges[]
}

/** Throws one clear sentence when the agent cannot start; nothing stays open then. */
export async function startAgent(config: AgentConfig, deps: AgentDeps): Promise<RunningAgent> {
  await using opened = new AsyncDisposableStack()
  const { version } = deps
  const clock = systemClock
  const random = Math.random
  const log = deps.log ?? createLog({ name: 'agent', level: config.log.level })
  const startedAtMs = clock.nowMs()
  const stopping = new AbortController()
  const stopShipping = new AbortController()
  let stopped = false
  let wasReady = false

  const metrics = createSelfMetrics({ part: 'agent', version, instanceId: hostname() })
  opened.defer(() => metrics.close())
  const ledger = createAgentLedger(metrics, { lanes: () => gauges(), nowMs: clock.nowMs })

  const access = await loadKubeAccess({
    clock,
    ...(deps.kubeconfig === undefined ? {} : { kubeconfig: deps.kubeconfig }),
  })
  const client: KubeClient = createKubeClient({ access, log })
  opened.defer(() => client.close())
  // What is told of the cluster has the API server's time where our clock is wrong: of two replicas' states the newer wins.
  const kubeClock: Clock = { ...clock, nowMs: () => clock.nowMs() + client.clockAheadMs() }

  const retellings = metrics.counter(
    'kube_retellings',
    'Times everything watched was told anew, after records of the cluster were lost',
  )
  const retelling = createRetelling({
    clock,
    isClear: () => leads() && !shippers.kube.state().failure && spool.lanes.kube.state().batches <= 2,
    tellAnew() {
      retellings.add(1)
      log.info('records of the cluster were lost: everything is told anew')
      pipeline.resync()
    },
  })
  function drop(lane: LaneName, signal: OtlpSignal, items: number, reason: DropReason): void {
    ledger.dropped({ lane, signal }, items, reason)
    if (lane === 'kube' && lossReasons.has(reason)) retelling.lost()
  }

  const spool = await openSpool(
    {
      disk: systemDisk,
      clock,
      log,
      onLoss: (lane, { signal, items, reason }) => drop(lane, signal, items, spoolReasons[reason]),
    },
    { ...config.spool, cursorIntervalMs: 500 },
  )
  opened.defer(() => spool.close())
  for (const lane of laneNames)
    for (const [signal, items] of signalEntries(spool.lanes[lane].state().recoveredItems))
      ledger.recovered({ lane, signal }, items)

  /** By the clock of what is written; one entry a namespace that opted out in this run. */
  const optedOutAtMs = new Map<string, number>()
  const settings = createSettings(config)
  const lastKnownGood = createLastKnownGood({ disk: systemDisk, log }, config.spool)
  const known = await lastKnownGood.load()
  if (known && settings.offer(known).status === 'failed')
    log.warn({ cause: settings.remoteStatus()?.error }, 'cannot use the last remote configuration any more')
  let keeping = Promise.resolve()

  const { timeoutMs, compression } = config.ship
  const link = createServiceLink({ clock, log }, { ...config.service, timeoutMs })
  opened.defer(() => link.close())
  const { dispatcher } = link
  const authorization = () => authorizationHeaders(config.service)
  const { endpoint } = config.service
  const post = createPost({ dispatcher, authorization }, { endpoint, timeoutMs, compression })
  const sampler = config.sampling.enabled ? createSampling() : undefined
  settings.subscribe((now) => sampler?.setRatio(now.config.sampling.ratio))
  const shippers = perLane((lane) =>
    lane === 'traces' && sampler ? laneShipper(lane, sampler) : laneShipper(lane, spool.lanes[lane]),
  )

  const batcher = createBatcher(
    {
      clock,
      append: async (lane, batch) => {
        const outcome = await spool.lanes[lane].append(batch)
        return outcome.type === 'kept' ? undefined : outcome.message
      },
      kubeBacklog: () => spool.lanes.kube.state().batches,
      encodeKube: (records) => encodeKubeLogs({ resource: ownResource(), records }),
      encodeUsage: (points) => encodeUsage({ resource: ownResource(), points }),
      onLoss: ({ lane, signal, items, reason }) => drop(lane, signal, items, reason),
    },
    {
      windowMs: config.batch.windowMs,
      kubeWindowMs: config.batch.kubeWindowMs,
      batchBytesMax: config.batch.bytesMax,
      memoryBytesMax: config.batch.memoryBytesMax,
      retryMs: 1_000,
    },
  )

  const collectedPath = join(config.spool.directory, 'collected-namespaces.json')
  const pipeline = createKubePipeline(
    {
      client,
      clock: kubeClock,
      random,
      log,
      metrics,
      emit: (record) => (standby ? standby.emit(record) : emitKube(record)),
      room: batcher.kubeRoom,
      onScopeStop(namespace) {
        standby?.dropNamespace(namespace)
        batcher.dropNamespace(namespace)
        optedOutAtMs.set(namespace, clock.nowMs())
      },
      onNamespaces: () => reporter.wake(),
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
        emit: emitKube,
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
  const cluster = () => ({ uid: pipeline.clusterUid(), name: config.cluster.name || pipeline.clusterUid() })

  const ownResource = () =>
    new Map([
      ['service.name', 'binnacle-agent'],
      ['service.version', version],
      ['k8s.cluster.uid', cluster().uid],
      ['k8s.cluster.name', cluster().name],
    ])

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
          emit: emitKube,
          onOutcome: (outcome) => ledger.crashLog(outcome),
        },
        config.crashLogs,
      )
    : undefined

  const latePods = createLatePods(clock, { holdMs: config.receive.podWaitMs })
  metrics.gauge('otlp_held_requests', 'Requests of pods that are not known yet', () => latePods.held())
  const handler = createOtlpHandler(
    {
      clock,
      pods: pipeline.pods,
      decide: (namespace) => pipeline.decide(namespace),
      clusterUid: () => pipeline.clusterUid(),
      podsKnown,
      latePods,
      split: splitRequest,
      keep: (request) => batcher.request(request),
      onRequest: countRequest,
    },
    { ...config.receive, clusterName: config.cluster.name },
  )

  const admin = await startAdmin(
    { metrics, notReady, status, explain: (namespace) => pipeline.explain(namespace) },
    config.admin,
  )
  opened.defer(() => admin.close())
  const receivers = await startReceivers({ handler, metrics, log }, config.receive)
  opened.defer(() => receivers.close())

  const reporter = createReporter(
    {
      dispatcher,
      authorization,
      clock,
      random,
      log,
      read: () => ({
        description: describe(),
        health: health(),
        effectiveConfig: effectiveConfig(),
        ...remoteStatus(),
        ...namespacesReport(),
      }),
      onOffer: takeOffer,
    },
    { endpoint, agentUid: spool.agentUid, intervalMs: config.control.intervalMs, timeoutMs: 5_000 },
  )
  const rights = createAccessReview(
    {
      client,
      clock,
      isDenied: () => pipeline.status().reflectors.some(({ state }) => state === 'denied'),
      onResult: () => reporter.wake(),
    },
    {
      needs: neededRights({
        ...config.watch,
        nodes: config.watch.nodes === 'on',
        scrape: config.scrape.enabled,
        crashLogs: config.crashLogs.enabled,
        lease: config.leaderElection.enabled ? config.leaderElection.namespace : '',
      }),
    },
  )
  const checks = createServiceChecks(
    { clock, onResult: () => reporter.wake() },
    { endpoint, proxied: config.service.proxyUrl !== '' },
  )
  settings.subscribe((now, before) => {
    if (now.config.log.level !== before.config.log.level) log.level = now.config.log.level
    pipeline.setScope(now.config.namespaces, now.remoteScope)
    scraper.wake()
    reporter.wake()
  })
  if (settings.current().config.log.level !== config.log.level)
    log.level = settings.current().config.log.level

  const sampling = sampler?.run(stopShipping.signal)
  const shipping = laneNames.map((lane) => shippers[lane].run(stopShipping.signal))
  const collecting = [
    pipeline.start(stopping.signal),
    scraper.run(stopping.signal),
    elector?.run(stopping.signal),
    crashes?.run(stopping.signal),
    retelling.run(stopping.signal),
  ]
  const reporting = reporter.run(stopping.signal)
  const reviewing = rights.run(stopping.signal)
  // Not waited for at the end: a look-up of a name cannot be taken back.
  void checks.run(stopping.signal)
  const watching =
    deps.readConfig &&
    watchValues(
      { read: deps.readConfig, settings, clock, log },
      { intervalMs: 5_000, signal: stopping.signal },
    )
  log.info({ agentUid: spool.agentUid, endpoint, version }, 'the agent runs')

  /** Whether this replica speaks for the cluster. */
  function leads(): boolean {
    return elector?.isLeader() ?? true
  }

  function emitKube(record: KubeRecord): void {
    ledger.received({ lane: 'kube', signal: 'logs' }, 1)
    batcher.kube([record])
    crashes?.see(record)
  }

  function laneShipper<Batch extends ShipBatch>(lane: LaneName, source: ShipDeps<Batch>['source']) {
    return createShipper(
      {
        source,
        post,
        poison: spool.poison,
        clock,
        random,
        log,
        mayLeave,
        onSettled: (settled) => settle(lane, settled),
        onAttempt: (outcome) => ledger.attempt(lane, outcome),
      },
      { ...config.ship, lane, inFlightMax: lane === 'kube' ? 1 : config.ship.inFlightMax },
    )
  }

  function createSampling() {
    const decisions = metrics.counter('sampling_decisions', 'Traces decided by tail sampling, by decision')
    metrics.gauge(
      'sampling_traces',
      'Traces that wait for their decision',
      () => sampler?.state().traces ?? 0,
    )
    metrics.gauge('sampling_bytes', 'Bytes of batches in tail sampling', () => sampler?.state().bytes ?? 0)
    return createTailSampler(
      {
        source: spool.lanes.traces,
        clock,
        idPrefix: `${spool.agentUid}/${spool.bootId}`,
        onSampledOut: (spans) => ledger.sampled({ lane: 'traces', signal: 'traces' }, spans),
        onDecision: (decision) => decisions.add(1, { decision }),
      },
      { ...config.sampling, ratio: settings.current().config.sampling.ratio },
    )
  }

  /** What was written before its namespace opted out stays here, even if it has opted in again. */
  function mayLeave(namespace: string, writtenAtMs: number): 'yes' | 'no' | 'pending' {
    const optedOut = writtenAtMs <= (optedOutAtMs.get(namespace) ?? Number.NEGATIVE_INFINITY)
    return optedOut ? 'no' : pipeline.mayLeave(namespace)
  }

  function settle(lane: LaneName, { signal, shipped, rejected, reason, optedOut }: ShipSettled): void {
    ledger.shipped({ lane, signal }, shipped)
    ledger.dropped({ lane, signal }, optedOut, 'opted-out')
    ledger.rejected(
      { lane, signal },
      rejected,
      reason === 'refused' ? 'service-refused' : 'service-partial-success',
    )
  }

  function countRequest({ signal, result, received, failed, refused, held }: RequestSeen): void {
    const at = { lane: signal, signal }
    ledger.request(signal, result)
    if (held) ledger.held(held)
    ledger.received(at, received)
    ledger.rejected(at, failed, 'not-kept')
    for (const [namespace, items] of refused) {
      ledger.rejected(at, items, 'namespace-not-selected')
      ledger.refusedNamespace(namespace, items)
    }
  }

  function gauges(): LaneGauges[] {
    const memory = batcher.state()
    return laneNames.map((lane) => {
      const state = spool.lanes[lane].state()
      return {
        lane,
        spoolBytes: state.bytes,
        memoryBytes: memory[lane].bytes,
        oldestMs: state.oldestMs,
        inFlight: shippers[lane].state().inFlight,
        damagedSegments: state.damagedSegments,
        tornBytes: state.tornBytes,
        queued: addItems(state.items, memory[lane].items),
      }
    })
  }

  function podsKnown(): boolean {
    const { synced, reflectors } = pipeline.status()
    const pods = reflectors.filter(({ resource }) => resource === 'pods')
    return synced && pods.every(({ syncs, state }) => syncs > 0 || state === 'denied' || state === 'absent')
  }

  /** Once ready it stays so until it stops: a namespace that opts in must not take the agent out of its Service. */
  function notReady(): string | undefined {
    if (stopped) return 'stopping'
    if (pipeline.clusterUid() === '') return 'the Kubernetes API has not answered yet'
    wasReady ||= podsKnown()
    return wasReady ? undefined : 'the pods of the selected namespaces have not been read yet'
  }

  function health() {
    return deriveHealth({
      startedAtMs,
      clusterUid: pipeline.clusterUid(),
      reflectors: pipeline.status().reflectors,
      usage: scraper.status(),
      service: { ...checks.result(), ...reporterCondition(), nowMs: clock.nowMs() },
      access: rights.result(),
      serviceWarning: link.warning(),
      election: elector?.status(),
      clockAheadMs: client.clockAheadMs(),
      configuration: configuration(),
      crashLogs: crashes?.status(),
      lanes: laneNames.map((lane) => ({
        lane,
        spoolFailure: spool.lanes[lane].state().failure,
        shipFailure: shippers[lane].state().failure?.message,
      })),
      stopping: stopped,
    })
  }

  function reporterCondition() {
    const { failure, refusedWith, clockSkewMs } = reporter.state()
    return { reportFailure: failure, refusedWith, clockSkewMs }
  }

  function configuration(): AgentStatus['configuration'] {
    return {
      remote: settings.remoteStatus(),
      needsRestart: settings.needsRestart(),
      problem: settings.valuesProblem(),
    }
  }

  function effectiveConfig(): string {
    const { config: inForce, remoteScope } = settings.current()
    return redactedYaml(inForce, remoteScope)
  }

  function remoteStatus() {
    const remoteConfig = settings.remoteStatus()
    return remoteConfig ? { remoteConfig } : {}
  }

  function namespacesReport() {
    if (!pipeline.status().synced) return {}
    const { namespaces: values, control, watch } = { ...settings.current().config, watch: config.watch }
    const listed = watch.mode === 'namespaced' ? { listed: watch.namespaces } : {}
    const { settable } = control
    return {
      namespaces: JSON.stringify(
        reportNamespaces(pipeline.namespaces(), { values: { ...values, ...listed }, settable }),
      ),
    }
  }

  function takeOffer(offer: RemoteConfigOffer): void {
    const { status: outcome, error } = settings.offer(offer)
    if (outcome === 'failed') {
      log.warn({ cause: error }, 'the configuration from the service is refused; the present one stays')
      return
    }
    log.info('the configuration from the service is applied')
    keeping = keeping.then(() => lastKnownGood.save(offer))
  }

  function describe(): Map<string, string> {
    return new Map([
      ...ownResource(),
      ['service.instance.id', spool.agentUid],
      ['host.name', hostname()],
      ['os.type', type().toLowerCase()],
    ])
  }

  function status(): AgentStatus {
    const reason = notReady()
    return {
      agentUid: spool.agentUid,
      version,
      ready: reason === undefined,
      notReady: reason ?? '',
      health: health(),
      cluster: cluster(),
      leader: leads(),
      namespaces: pipeline
        .selectedNamespaces()
        .map((namespace) => ({ namespace, ...pipeline.decide(namespace) })),
      notCollected: pipeline
        .namespaces()
        .filter(({ selected }) => !selected)
        .slice(0, namespacesReportedMax)
        .map(({ name, reason: why }) => ({ namespace: name, reason: why })),
      configuration: configuration(),
      items: ledger.lines(),
      lanes: gauges(),
    }
  }

  /** Goes on while it helps: a lane whose last request failed is left to the next start. */
  async function drain(): Promise<void> {
    sampler?.hurry()
    const deadlineMs = clock.monotonicMs() + config.ship.drainMs
    const hopeful = () =>
      laneNames.some((lane) => spool.lanes[lane].state().batches > 0 && !shippers[lane].state().failure)
    while (hopeful() && clock.monotonicMs() < deadlineMs) await clock.sleep(20)
    stopShipping.abort()
    await Promise.all([...shipping, sampling])
  }

  async function close(): Promise<void> {
    if (stopped) return
    stopped = true
    log.info('the agent stops')
    await clock.sleep(config.receive.stopPauseMs)
    await receivers.close()
    // From here the lease is not renewed, or the others would take us for one that goes on speaking; it is held until all
    // is sent.
    stopping.abort()
    await Promise.all([...collecting, reviewing, watching])
    await keeping
    await pipeline.close()
    await standby?.close()
    await batcher.close()
    await Promise.all([drain(), reporting.then(() => reporter.disconnect())])
    // After the last of ours is sent: the next leader speaks after us.
    await elector?.release()
    await spool.close()
    await rest.disposeAsync()
    log.info('the agent has stopped')
  }

  const rest = opened.move()
  return { ports: { ...receivers.ports, admin: admin.port }, status, close }
}

const spoolReasons = { full: 'spool-full', damaged: 'spool-damaged' } as const satisfies Record<
  string,
  DropReason
>

/** The others are what was meant not to leave. */
const lossReasons: ReadonlySet<DropReason> = new Set(['memory-full', 'spool-full', 'spool-damaged'])

function perLane<T>(create: (lane: LaneName) => T): Record<BatchLaneName & LaneName, T> {
  return { kube: create('kube'), metrics: create('metrics'), traces: create('traces'), logs: create('logs') }
}

type Items = Partial<Record<OtlpSignal, number>>

function signalEntries(items: Items): [OtlpSignal, number][] {
  return (['traces', 'logs', 'metrics'] as const).flatMap((signal) => {
    const count = items[signal]
    return count === undefined ? [] : [[signal, count] as [OtlpSignal, number]]
  })
}

function addItems(a: Items, b: Items): Items {
  const sums: Items = { ...a }
  for (const [signal, items] of signalEntries(b)) sums[signal] = (sums[signal] ?? 0) + items
  return sums
}

async function authorizationHeaders(service: AgentConfig['service']): Promise<Record<string, string>> {
  const { accessKey, accessKeyFile } = service
  const key = accessKeyFile === '' ? accessKey : (await readFile(accessKeyFile, 'utf8')).trim()
  return key === '' ? {} : { authorization: `Bearer ${key}` }
}
