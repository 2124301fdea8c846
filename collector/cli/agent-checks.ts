import type { AgentStatus } from '../agent/status.ts'
import { fixMark } from '../record/agent.ts'
import { errorText } from '../std/assert.ts'
import type { Check } from './doctor.ts'

export interface AgentChecksOptions {
  /** Admin address of a running agent. */
  readonly agent: string
  /** Where it takes OTLP over HTTP; absent: that is not checked. */
  readonly otlp?: string | undefined
  /** How long to wait until it has read the cluster and sent what it read. */
  readonly withinMs: number
}

const pollMs = 500

/**
 * What a running agent says of itself, as a checklist: it has asked the API server for its rights with its own account, and
 * knows what the service has acknowledged, so whoever asks needs no rights at all (`helm test`).
 */
export function agentChecks({ agent, otlp, withinMs }: AgentChecksOptions): Check[] {
  let status: AgentStatus | undefined
  const known = (): AgentStatus => {
    if (!status) throw new Error('the agent has not answered')
    return status
  }
  return [
    {
      name: `agent at ${agent}`,
      async run() {
        status = await settled(agent, withinMs)
        const { version, mode, ready, notReady, cluster, leader } = status
        if (!ready) throw new Error(`it is not ready: ${notReady}`)
        const role = leader ? 'it speaks for the cluster' : 'it stands by'
        return `version ${version}, mode ${mode}, cluster ${cluster.name} (${cluster.uid}); ${role}`
      },
    },
    { name: 'permissions', run: async () => permissionsOf(known()) },
    { name: 'agent → service', run: async () => roundTripOf(known()) },
    ...(otlp === undefined
      ? []
      : [{ name: `applications → agent at ${otlp}`, run: () => takesTelemetry(otlp) }]),
    { name: 'everything else', run: async () => othersOf(known()) },
    { name: 'collected namespaces', run: async () => namespacesOf(known()) },
  ]
}

/** As soon as there is nothing more to wait for; else as it is at the end of the time. */
async function settled(agent: string, withinMs: number): Promise<AgentStatus> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const answer = await ask(agent).catch((error: unknown) => new Error(errorText(error)))
    if (!(answer instanceof Error) && isSettled(answer)) return answer
    if (Date.now() >= deadline) {
      if (answer instanceof Error) throw answer
      return answer
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
}

async function ask(agent: string): Promise<AgentStatus> {
  const response = await fetch(new URL('/status', agent), { signal: AbortSignal.timeout(5_000) })
  if (!response.ok) throw new Error(`it answers ${response.status}`)
  return (await response.json()) as AgentStatus // What our own agent answers.
}

type Component = AgentStatus['health']['components'][number]
const saying = ({ name, error }: Component) => `${name}: ${error.replace(fixMark, ': ')}`

const sum = (status: AgentStatus, what: 'received' | 'recovered' | 'shipped') =>
  status.items.reduce((total, line) => total + line[what], 0)

/** A standby sends nothing of the cluster: there its reports to the service have to do. */
const isSettled = (status: AgentStatus): boolean =>
  status.ready &&
  status.health.healthy &&
  status.health.components.some(({ name }) => name === 'permissions') &&
  (sum(status, 'shipped') > 0 || !status.leader)

function permissionsOf({ health }: AgentStatus): string {
  const { components } = health
  const all = components.find(({ name }) => name === 'permissions')
  if (!all) throw new Error('the agent has not asked for them yet')
  const denied = components.filter(({ name }) => name.startsWith('permission '))
  if (denied.length > 0) throw new Error(denied.map(saying).join('; '))
  return all.status
}

const way = new Set(['service name', 'service', 'service certificate', 'service access key', 'shipping'])

function roundTripOf(status: AgentStatus): string {
  const failing = status.health.components.filter(({ name, healthy }) => way.has(name) && !healthy)
  if (failing.length > 0) throw new Error(failing.map(saying).join('; '))
  const shipped = sum(status, 'shipped')
  if (shipped > 0) return `${shipped} items are stored there`
  if (!status.leader) return 'its reports arrive; the replica that leads sends what is told of the cluster'
  const waiting = sum(status, 'received') + sum(status, 'recovered')
  throw new Error(`nothing has been acknowledged there yet, and ${waiting} items wait`)
}

/** An empty request: it passes every door, and nothing is stored. */
async function takesTelemetry(otlp: string): Promise<string> {
  const response = await fetch(new URL('/v1/traces', otlp), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"resourceSpans":[]}',
    signal: AbortSignal.timeout(5_000),
  })
  if (!response.ok) throw new Error(`it answers ${response.status}: ${(await response.text()).slice(0, 200)}`)
  return 'it takes OTLP/HTTP'
}

function othersOf({ health }: AgentStatus): string {
  const others = health.components.filter(({ name }) => !way.has(name) && !name.startsWith('permission'))
  const bad = others.filter(({ healthy }) => !healthy)
  if (bad.length > 0) throw new Error(bad.map(saying).join('; '))
  const noted = others.filter(({ status }) => status !== 'ok').map(({ name, status }) => `${name}: ${status}`)
  return [`${others.length} parts are well`, ...noted].join('; ')
}

const namesMax = 50

function namespacesOf({ namespaces, notCollected }: AgentStatus): string {
  const listed = namespaces
    .slice(0, namesMax)
    .map(({ namespace, reason }) => `\n     ${namespace}: ${reason}`)
  const more = namespaces.length > namesMax ? `\n     and ${namespaces.length - namesMax} more` : ''
  const others = `${notCollected.length} ${notCollected.length === 1 ? 'is' : 'are'} not collected`
  if (namespaces.length === 0) return `none yet (${others}): label one with binnacle.dev/collect=enabled`
  return `${namespaces.length}, and ${others}${listed.join('')}${more}`
}
