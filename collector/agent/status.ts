import { hostname, type } from 'node:os'
import { agentAttributes } from '../record/agent.ts'
import { namespacesReportedMax, type RemoteConfigStatus } from '../record/remote-config.ts'
import type { ClusterHalf } from './cluster.ts'
import { redactedYaml } from './config.ts'
import type { AgentConfig } from './config-schema.ts'
import { reportNamespaces } from './control/report-namespaces.ts'
import type { AgentReport } from './control/reporter.ts'
import type { Delivery } from './delivery.ts'
import { deriveHealth } from './health.ts'
import type { AgentLedger, LaneGauges, LedgerLine } from './metrics.ts'
import type { Reporting } from './reporting.ts'
import type { Settings } from './settings.ts'
import type { Traffic, TrafficReading } from './traffic.ts'

/** What /status answers. */
export interface AgentStatus {
  readonly agentUid: string
  readonly version: string
  /** In `state` no telemetry of applications is received. */
  readonly mode: AgentConfig['mode']
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
  /** What is sent to the service, by pod and hour. */
  readonly traffic: TrafficReading
}

/** The parts that are asked. */
export interface StatusDeps {
  readonly version: string
  readonly startedAtMs: number
  readonly config: AgentConfig
  readonly settings: Settings
  readonly ledger: AgentLedger
  readonly traffic: Traffic
  readonly delivery: Delivery
  readonly cluster: ClusterHalf
  readonly reporting: Pick<Reporting, 'condition'>
  readonly isStopping: () => boolean
}

export interface StatusReader {
  /** Undefined: ready. Once ready it stays so until it stops: a namespace that opts in must not take the agent out of its Service. */
  notReady(): string | undefined
  status(): AgentStatus
  /** For the service. */
  report(): AgentReport
}

export function createStatusReader(deps: StatusDeps): StatusReader {
  const {
    version,
    startedAtMs,
    config,
    settings,
    ledger,
    traffic,
    delivery,
    cluster,
    reporting,
    isStopping,
  } = deps
  const { agentUid } = delivery
  const { pipeline } = cluster
  let wasReady = false

  function notReady(): string | undefined {
    if (isStopping()) return 'stopping'
    if (pipeline.clusterUid() === '') return 'the Kubernetes API has not answered yet'
    wasReady ||= cluster.podsKnown()
    return wasReady ? undefined : 'the pods of the selected namespaces have not been read yet'
  }

  function configuration(): AgentStatus['configuration'] {
    return {
      remote: settings.remoteStatus(),
      needsRestart: settings.needsRestart(),
      problem: settings.valuesProblem(),
    }
  }

  function health() {
    return deriveHealth({
      ...cluster.condition(),
      ...reporting.condition(),
      mode: config.mode,
      startedAtMs,
      configuration: configuration(),
      lanes: delivery.condition(),
      stopping: isStopping(),
    })
  }

  function namespacesReport() {
    if (!pipeline.status().synced) return {}
    const { namespaces, control } = settings.current().config
    const listed = config.watch.mode === 'namespaced' ? { listed: config.watch.namespaces } : {}
    const { settable } = control
    return {
      namespaces: JSON.stringify(
        reportNamespaces(pipeline.namespaces(), { values: { ...namespaces, ...listed }, settable }),
      ),
    }
  }

  return {
    notReady,
    status() {
      const reason = notReady()
      return {
        agentUid,
        version,
        mode: config.mode,
        ready: reason === undefined,
        notReady: reason ?? '',
        health: health(),
        cluster: cluster.identity(),
        leader: cluster.leads(),
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
        lanes: delivery.gauges(),
        traffic: traffic.read(),
      }
    },
    report() {
      const { config: inForce, remoteScope } = settings.current()
      const remoteConfig = settings.remoteStatus()
      return {
        description: new Map([
          ...agentResource(version, cluster.identity()),
          ['service.instance.id', agentUid],
          ['host.name', hostname()],
          ['os.type', type().toLowerCase()],
          [agentAttributes.mode, config.mode],
          [agentAttributes.injection, config.injection.enabled ? 'on' : 'off'],
          ...(config.injection.enabled
            ? [
                [
                  agentAttributes.injectionConfigMap,
                  `${config.injection.namespace}/${config.injection.configMap}`,
                ] as const,
              ]
            : []),
          ...trafficReport(traffic.reported()),
        ]),
        health: health(),
        effectiveConfig: redactedYaml(inForce, remoteScope),
        ...(remoteConfig ? { remoteConfig } : {}),
        ...namespacesReport(),
      }
    },
  }
}

/** Two digits: a change of the description is a row in the service's table. */
function trafficReport(reading: TrafficReading | undefined): [string, string][] {
  if (reading?.bytesPerPodHour === undefined) return []
  return [
    [agentAttributes.bytesPerPodHour, String(Number(reading.bytesPerPodHour.toPrecision(2)))],
    [agentAttributes.bytesOver, reading.over],
  ]
}

/** What the agent's records are of. */
export function agentResource(
  version: string,
  cluster: { readonly uid: string; readonly name: string },
): Map<string, string> {
  return new Map([
    ['service.name', 'binnacle-agent'],
    ['service.version', version],
    ['k8s.cluster.uid', cluster.uid],
    ['k8s.cluster.name', cluster.name],
  ])
}
