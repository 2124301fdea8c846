import type { AccessResult } from '../kube/access-review.ts'
import { fixMark } from '../record/agent.ts'
import type { RemoteConfigStatus } from '../record/remote-config.ts'
import type { AgentHealth, HealthComponent } from '../wire/opamp.ts'

/** What the parts of the agent say about themselves. */
export interface AgentCondition {
  readonly startedAtMs: number
  readonly mode: 'full' | 'state'
  readonly clusterUid: string
  /** The API server's clock against ours; 0: they agree. */
  readonly clockAheadMs: number
  readonly reflectors: readonly {
    readonly resource: string
    readonly namespace: string
    readonly state: 'starting' | 'synced' | 'retrying' | 'denied' | 'absent'
    readonly message: string
  }[]
  readonly usage: UsageCondition & { readonly nodes: UsageCondition }
  readonly configuration: {
    /** Why the file as it is now is not in force; '' when it is. */
    readonly problem: string
    readonly needsRestart: readonly string[]
    readonly remote: RemoteConfigStatus | undefined
  }
  /** Undefined: switched off. */
  readonly crashLogs: { readonly state: 'ok' | 'denied' | 'failing'; readonly message: string } | undefined
  /** Undefined: switched off, or nothing is injected. */
  readonly crashGuard:
    | { readonly state: 'starting' | 'ok' | 'denied' | 'failing'; readonly message: string }
    | undefined
  readonly lanes: readonly {
    readonly lane: string
    readonly spoolFailure: string | undefined
    readonly shipFailure: string | undefined
  }[]
  /** About the way to the service, although data may get through; '': nothing. */
  readonly serviceWarning: string
  readonly service: {
    readonly dnsProblem: string
    readonly certificateEndsMs: number | undefined
    /** Of the last report; undefined: it got through, or there was none yet. */
    readonly reportFailure: string | undefined
    readonly refusedWith: number | undefined
    /** Of the service's clock against ours; undefined: not known. */
    readonly clockSkewMs: number | undefined
    readonly nowMs: number
  }
  /** Undefined: not asked yet. */
  readonly access: AccessResult | undefined
  /** Undefined: switched off. */
  readonly election:
    | {
        readonly state: 'starting' | 'leader' | 'standby' | 'denied' | 'failing'
        readonly holder: string
        readonly message: string
      }
    | undefined
  readonly stopping: boolean
}

interface UsageCondition {
  readonly state: 'off' | 'starting' | 'ok' | 'absent' | 'denied' | 'failing'
  readonly message: string
}

/**
 * The health as it is reported over OpAMP and shown in the UI. Texts hold no figures that change by themselves: every
 * change of the health is a row in the service's table.
 */
export function deriveHealth(condition: AgentCondition): AgentHealth {
  const components = [
    ...serviceHealth(condition.service),
    clusterHealth(condition),
    ...accessHealth(condition.access),
    ...resourceHealth(condition.reflectors),
    usageHealth('metrics api', condition.usage),
    ...(condition.usage.nodes.state === 'off'
      ? []
      : [usageHealth('metrics api of nodes', condition.usage.nodes)]),
    ...(condition.election ? [electionHealth(condition.election)] : []),
    ...(condition.crashLogs ? [crashLogHealth(condition.crashLogs)] : []),
    ...(condition.crashGuard ? [crashGuardHealth(condition.crashGuard)] : []),
    spoolHealth(condition.lanes),
    shippingHealth(condition),
    configurationHealth(condition.configuration),
    ...(condition.mode === 'state' ? [noTelemetry] : []),
  ]
  const bad = components.filter((one) => !one.healthy)
  return {
    healthy: bad.length === 0 && !condition.stopping,
    status: condition.stopping ? 'stopping' : bad.length === 0 ? 'ok' : 'degraded',
    error: bad.map(({ name, error }) => `${name}: ${error}`).join('; '),
    startedAtMs: condition.startedAtMs,
    components: components.map(withFix),
  }
}

/** What to do about each, by its name: the first that fits. */
const fixes: readonly (readonly [name: RegExp, fix: string])[] = [
  [/^service name$/, 'check service.endpoint of the Helm values and the DNS policy of the pod'],
  [/^service certificate$/, 'renew the certificate of the service'],
  [/^service access key$/, 'put a key of the service into the Secret of service.accessKeySecret'],
  [/^service$/, 'check service.endpoint, that the service runs, and the network policies in between'],
  [/^clock$/, 'set the clock of the node (NTP): times on screens are off by as much'],
  [
    /^crash logs$/,
    'install the chart with crashLogs.enabled=true, which lets the agent read pods/log, or switch crashLogs off',
  ],
  [
    /^crash guard$/,
    'if it is denied, grant create, get and update of that ConfigMap; if it cannot be used, mend its disabled.json or delete it',
  ],
  [
    /^kubernetes api$/,
    'check that the pod reaches the API server (network policy) and that its service account token is mounted',
  ],
  [/^permission /, 'upgrade the chart, which grants what the agent needs, or add the rule to the role'],
  [/^kubernetes /, 'if it is denied, add list and watch of it to the role; otherwise it is tried again'],
  [/^metrics api/, 'check that metrics-server runs and that the role lets the agent list its resources'],
  [/^leader election$/, 'grant get, create and update of leases in the namespace of the agent'],
  [/^spool$/, 'free or enlarge the volume of spool.directory'],
  [
    /^shipping$/,
    'check service.endpoint, the access key and the network policies; the spool keeps the data meanwhile',
  ],
  [/^configuration$/, 'change what was set from the UI, or mend the Helm values'],
]

function withFix(component: HealthComponent): HealthComponent {
  const fix = fixes.find(([name]) => name.test(component.name))?.[1]
  return component.healthy || fix === undefined
    ? component
    : { ...component, error: `${component.error}${fixMark}${fix}` }
}

/** Said, so that nobody looks for traces that were never taken. */
const noTelemetry: HealthComponent = {
  name: 'traces',
  healthy: true,
  status: 'not received: the agent runs in mode state',
  error: '',
}

const certificateWarnMs = 14 * 86_400_000
const skewMsMax = 30_000

function serviceHealth(service: AgentCondition['service']): HealthComponent[] {
  const { dnsProblem, certificateEndsMs, reportFailure, refusedWith, clockSkewMs, nowMs } = service
  const check = (name: string, error: string, status = 'ok'): HealthComponent => ({
    name,
    healthy: error === '',
    status: error === '' ? status : 'failing',
    error,
  })
  const keyProblem =
    refusedWith === 401
      ? 'the service does not know the access key (401)'
      : refusedWith === 403
        ? 'the service, or a proxy before it, knows who asks and does not allow it (403)'
        : ''
  const ends = certificateEndsMs === undefined ? '' : new Date(certificateEndsMs).toISOString().slice(0, 10)
  const endsSoon = certificateEndsMs !== undefined && certificateEndsMs - nowMs < certificateWarnMs
  const skewed = clockSkewMs !== undefined && Math.abs(clockSkewMs) > skewMsMax
  return [
    check('service name', dnsProblem && `the name does not resolve: ${dnsProblem}`),
    check('service', keyProblem === '' ? (reportFailure ?? '') : ''),
    ...(ends === ''
      ? []
      : [check('service certificate', endsSoon ? `it ends on ${ends}` : '', `good until ${ends}`)]),
    check('service access key', keyProblem),
    check(
      'clock',
      skewed
        ? `the clock of this node is more than ${skewMsMax / 1_000} s ${clockSkewMs > 0 ? 'behind' : 'ahead of'} the clock of the service`
        : '',
    ),
  ]
}

/** One line when all is granted, one for each resource that is not. */
function accessHealth(access: AccessResult | undefined): HealthComponent[] {
  if (!access) return []
  const denied = access.denied.map(({ resource, namespace, verbs }) => ({
    name: `permission ${resource}${namespace === '' ? '' : ` in ${namespace}`}`,
    healthy: false,
    status: 'denied',
    error: `the role does not grant ${verbs.join(', ')}`,
  }))
  const missing = access.denied.reduce((sum, { verbs }) => sum + verbs.length, 0)
  const status = `${access.asked - missing} of ${access.asked} granted`
  return [
    { name: 'permissions', healthy: missing === 0, status, error: missing === 0 ? '' : 'see each' },
    ...denied,
  ]
}

function clusterHealth({ clusterUid, clockAheadMs }: AgentCondition): HealthComponent {
  const known = clusterUid !== ''
  const side = clockAheadMs > 0 ? 'behind' : 'ahead of'
  const clock = clockAheadMs === 0 ? '' : `, the clock of this node is ${side} its clock, which is used`
  return {
    name: 'kubernetes api',
    healthy: known,
    status: known ? `ok${clock}` : 'starting',
    error: known ? '' : 'the API server has not told the uid of namespace kube-system yet',
  }
}

const worst = ['denied', 'retrying', 'starting', 'absent', 'synced'] as const

/** One component a resource, whichever of its namespaces is worst off. One that the server has not is no failure of ours. */
function resourceHealth(reflectors: AgentCondition['reflectors']): HealthComponent[] {
  const resources = [...new Set(reflectors.map((one) => one.resource))].sort()
  return resources.map((resource) => {
    const all = reflectors.filter((one) => one.resource === resource)
    const state = worst.find((candidate) => all.some((one) => one.state === candidate)) ?? 'synced'
    const example = all.find((one) => one.state === state)
    const where = example && example.namespace !== '' ? ` in namespace ${example.namespace}` : ''
    const healthy = state !== 'denied' && state !== 'retrying'
    return {
      name: `kubernetes ${resource}`,
      healthy,
      status: state === 'synced' ? 'ok' : state,
      error: healthy ? '' : `${example?.message ?? ''}${where}`,
    }
  })
}

/** A cluster without metrics-server is no failure of the agent. */
function usageHealth(name: string, { state, message }: UsageCondition): HealthComponent {
  return {
    name,
    healthy: state !== 'failing' && state !== 'denied',
    status: state,
    error: state === 'ok' ? '' : message,
  }
}

function electionHealth({
  state,
  holder,
  message,
}: NonNullable<AgentCondition['election']>): HealthComponent {
  const hints = {
    denied: 'every replica leads until the role allows get, create and update of leases',
    failing: 'what this replica sees waits until it can tell who leads',
  }
  const bad = state === 'denied' || state === 'failing'
  return {
    name: 'leader election',
    healthy: !bad,
    status: state === 'standby' && holder !== '' ? `standby: ${holder} leads` : state,
    error: bad ? `${message}; ${hints[state]}` : '',
  }
}

function crashLogHealth({ state, message }: NonNullable<AgentCondition['crashLogs']>): HealthComponent {
  return { name: 'crash logs', healthy: state === 'ok', status: state, error: message }
}

function crashGuardHealth({ state, message }: NonNullable<AgentCondition['crashGuard']>): HealthComponent {
  const healthy = state === 'ok' || state === 'starting'
  return { name: 'crash guard', healthy, status: state, error: message }
}

function spoolHealth(lanes: AgentCondition['lanes']): HealthComponent {
  const failure = lanes.find((one) => one.spoolFailure !== undefined)?.spoolFailure
  return {
    name: 'spool',
    healthy: failure === undefined,
    status: failure === undefined ? 'ok' : 'failing',
    error: failure ?? '',
  }
}

function shippingHealth({ lanes, serviceWarning }: AgentCondition): HealthComponent {
  const failing = lanes.filter((one) => one.shipFailure !== undefined)
  const warning = serviceWarning === '' ? '' : `; warning: ${serviceWarning}`
  const error = failing[0]?.shipFailure ?? ''
  return {
    name: 'shipping',
    healthy: failing.length === 0,
    status: `${failing.length === 0 ? 'ok' : `waiting: ${failing.map(({ lane }) => lane).join(', ')}`}${warning}`,
    error,
  }
}

function configurationHealth({
  problem,
  needsRestart,
  remote,
}: AgentCondition['configuration']): HealthComponent {
  const error =
    problem ||
    (remote?.status === 'failed' ? `the configuration from the UI is refused: ${remote.error}` : '')
  return {
    name: 'configuration',
    healthy: error === '',
    status:
      error !== ''
        ? 'refused'
        : needsRestart.length > 0
          ? `restart needed: ${needsRestart.join(', ')}`
          : 'ok',
    error,
  }
}
