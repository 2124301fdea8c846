import { type Machine, machineText } from '../support/machine.ts'
import { table } from '../support/report.ts'
import type { InformerResult } from './informer.ts'
import type { ScaleResult } from './scale.ts'
import type { StoredResult } from './stored.ts'
import type { TracePathFigures } from './trace-path.ts'

export interface AgentResults {
  readonly machine: Machine
  readonly flags: string
  readonly scales: readonly ScaleResult[]
  readonly stored: StoredResult | undefined
  readonly informer: InformerResult | undefined
  readonly traces: readonly TracePathFigures[]
}

/** By name of the scale: resident MB (of 10^6 bytes, as the goals were set) in steady state and millicores. */
const scaleGoals: Readonly<Record<string, { readonly mb: number; readonly millicores: number }>> = {
  state: { mb: 64, millicores: 20 },
  '1k': { mb: 90, millicores: 20 },
  '10k': { mb: 160, millicores: 100 },
  '50k': { mb: 300, millicores: 350 },
}
const mbOfMib = 1024 ** 2 / 1e6
const goals = { optInMs: 5_000, storedP99Ms: 5_000, spansPerSecondPerCore: 200_000 }

export function agentReport(results: AgentResults): string {
  const { machine, flags, scales, stored, informer, traces } = results
  return `# The cluster agent

${machineText(machine)}

The real \`binnacle agent\` with the chart's environment (\`${flags}\`) and a service account, the fake Kubernetes API
server over TLS in a process of its own, pods of 8 KB with managed fields. \`npm run bench:agent\` makes this file anew.
Mode state runs with the flags of a memory limit of 64Mi. CPU is the agent's own (all its threads); server, back end and service share the machine with it.

## Goals

${goalsTable(results)}

${scales.length > 0 ? scaleText(scales, informer) : ''}
${stored ? storedText(stored) : ''}
${traces.length > 0 ? tracesText(traces) : ''}`
}

const whole = (value: number) => Math.round(value).toLocaleString('en-US')

const scaleName = (name: string) => (name === 'state' ? 'mode state, 200 pods' : `${name} pods`)

function goalsTable({ scales, stored, traces }: AgentResults): string {
  const rows: [string, string, string, string][] = []
  const atMost = (name: string, goal: number, measured: number) =>
    rows.push([name, `≤ ${whole(goal)}`, whole(measured), measured <= goal ? 'met' : 'missed'])
  for (const { name, residentMibSteady, millicores, load } of scales) {
    const goal = scaleGoals[name]
    if (!goal) continue
    const what = `${scaleName(name)}, ${load.events} events/s, ${load.podUpdates} pod updates/s`
    atMost(`${what}: resident MB`, goal.mb, residentMibSteady * mbOfMib)
    atMost(`${what}: millicores`, goal.millicores, millicores)
  }
  if (stored) {
    atMost('opt-in to the first stored row at worst, ms', goals.optInMs, Math.max(...stored.optInMs))
    atMost('event to stored row, p99, ms', goals.storedP99Ms, stored.p99Ms)
  }
  for (const { encoding, spansPerSecondPerCore } of traces) {
    const met = spansPerSecondPerCore >= goals.spansPerSecondPerCore
    const name = `spans received, enriched, spooled and shipped, a second and core (${encoding})`
    rows.push([
      name,
      `≥ ${whole(goals.spansPerSecondPerCore)}`,
      whole(spansPerSecondPerCore),
      met ? 'met' : 'missed',
    ])
  }
  return table(['', 'goal', 'measured', ''], rows)
}

function scaleText(scales: readonly ScaleResult[], informer: InformerResult | undefined): string {
  const row = (name: string, value: (one: ScaleResult) => string) => [name, ...scales.map(value)]
  const rows = [
    row('namespaces, all selected', ({ size }) => whole(size.namespaces)),
    row('objects beside events', ({ objects }) => whole(objects)),
    row('bytes of a pod', ({ podBytes }) => whole(podBytes)),
    row('watches', ({ watches }) => whole(watches)),
    row('events/s, pod updates/s', ({ load }) => `${load.events}, ${load.podUpdates}`),
    row('first sync, s', ({ firstSyncMs }) => (firstSyncMs / 1000).toFixed(1)),
    row('CPU of it, s', ({ firstSyncCpuSeconds }) => firstSyncCpuSeconds.toFixed(1)),
    row('resident MiB, median', ({ residentMibSteady }) => whole(residentMibSteady)),
    row('resident MiB, at most', ({ residentMibMax }) => whole(residentMibMax)),
    row('of it anonymous, the rest is Node itself', ({ anonymousMib }) => whole(anonymousMib)),
    row('millicores', ({ millicores }) => whole(millicores)),
    row('event to back end, p50 and p99 ms', ({ p50Ms, p99Ms }) => `${whole(p50Ms)}, ${whole(p99Ms)}`),
    row('bytes sent per pod and hour', ({ bytesPerPodHour }) => whole(bytesPerPodHour)),
    row('of them usage', ({ bytesPerPodHourByRoute }) => whole(bytesPerPodHourByRoute['/v1/metrics'] ?? 0)),
    row('events written and arrived', (one) => `${whole(one.eventsWritten)}, ${whole(one.eventsArrived)}`),
    row('API server behind its schedule at worst, ms', ({ serverLateMs }) => whole(serverLateMs)),
  ]
  const mine = scales.find(({ size }) => size.pods === informer?.pods)
  const peer =
    informer && mine
      ? `

The informers of \`@kubernetes/client-node\` on four of these collections (pods, events, replica sets, deployments), at
${mine.name} pods and the same load, sending nothing: ${whole(informer.residentMibSteady)} MiB (at most ${whole(informer.residentMibMax)}), ${whole(informer.millicores)} millicores, listed after
${(informer.firstSyncMs / 1000).toFixed(1)} s. The agent, which watches all collections, derives, compresses and sends: ${whole(mine.residentMibSteady)} MiB
(${(informer.residentMibSteady / mine.residentMibSteady).toFixed(1)} times less) and ${whole(mine.millicores)} millicores.
AppDynamics' published rule of 50 MB and 100 millicores a hundred pods makes ${whole((mine.size.pods / 100) * 50)} MB and ${whole((mine.size.pods / 100) * 100)} millicores.`
      : ''
  return `## Watching

${table(['', ...scales.map(({ name }) => scaleName(name))], rows)}${peer}
`
}

function storedText(stored: StoredResult): string {
  return `## Until it is stored

With the real service and its embedded engine, ${whole(stored.pods)} pods, ${stored.eventsPerSecond} events/s for ${stored.seconds} s: every one of ${whole(stored.eventsWritten)} events
was stored, and a query (asked every ${stored.pollMs} ms) found it after ${whole(stored.p50Ms)} ms (p50), ${whole(stored.p99Ms)} ms (p99). From the label on a
namespace to its first stored pod: ${stored.optInMs.map(whole).join(', ')} ms.
`
}

function tracesText(traces: readonly TracePathFigures[]): string {
  const row = (name: string, value: (one: TracePathFigures) => string) => [name, ...traces.map(value)]
  return `## Traces

Received over OTLP/HTTP, enriched by splicing, spooled with fsync, shipped; every span arrived with its pod.

${table(
  ['', ...traces.map(({ encoding }) => encoding)],
  [
    row('spans a second and core', (one) => whole(one.spansPerSecondPerCore)),
    row('spans a second by the clock', (one) => whole(one.spansPerSecond)),
    row('spans', ({ spans }) => whole(spans)),
    row('bytes a span: raw, received, shipped', (one) =>
      [one.rawBytesPerSpan, one.wireBytesPerSpan, one.shippedBytesPerSpan]
        .map((bytes) => bytes.toFixed(0))
        .join(', '),
    ),
    row('resident MiB at most', ({ residentBytesMax }) => whole(residentBytesMax / 1024 ** 2)),
  ],
)}
`
}
