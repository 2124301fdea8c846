/**
 * `npm run soak:agent`: an hour of a busy cluster in ten minutes. Pods come and go, events are written, watches break and
 * expire, namespaces opt in and out, the service goes away, applications send a little; memory must stay flat, and at the
 * end the agent knows what the server knows and its ledger adds up. A line each 10 s; writes results/soak-agent.md.
 *
 *   --minutes 10
 */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { eventually } from '../../support/processes.ts'
import { describeMachine, machineText } from '../support/machine.ts'
import { cpuSecondsOf, residentBytesOf } from '../support/process-stat.ts'
import { resultsDirectory, table } from '../support/report.ts'
import { type AgentProcess, startAgentProcess } from './agent-process.ts'
import { startApiProcess } from './api-process.ts'
import { lateNamespaces } from './cluster.ts'
import type { Disturbance } from './messages.ts'
import { untilShipped } from './scale.ts'
import { startSink } from './sink-process.ts'

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } })
const minutes = Number(values.minutes)
const stepMs = 10_000
/** Growth of resident memory by the line through the second half, in percent an hour. */
const growthMax = 5
const size = { pods: 2_000, namespaces: 30 }
const standingEvents = 8_000
const load = { events: 50, podUpdates: 60 }
const disturbances: readonly Disturbance[] = ['close', 'expire', 'cut', 'reset', 'error', 'close', 'restart']

interface Sample {
  readonly second: number
  readonly residentMib: number
  readonly millicores: number
  readonly queued: number
}

const machine = describeMachine('embedded')
const api = await startApiProcess()
const sink = await startSink()
await api.ask({ type: 'fill', size, standingEvents })
const agent = await startAgentProcess({
  api,
  service: sink.url,
  config: { receive: { grpcPort: 0, httpPort: 0, unknownNamespace: 'accept' }, admin: { port: 0 } },
})
await untilShipped(agent, size.pods + standingEvents)
await api.ask({ type: 'load', load })

const samples: Sample[] = []
const startedAt = performance.now()
let cpuBefore = cpuSecondsOf(agent.pid)
for (let step = 0; performance.now() - startedAt < minutes * 60_000; step++) {
  await disturb(step)
  const dueMs = startedAt + (step + 1) * stepMs
  while (performance.now() < dueMs) {
    await sendSpans(agent)
    await sleep(Math.min(500, Math.max(1, dueMs - performance.now())))
  }
  const cpu = cpuSecondsOf(agent.pid)
  const status = await agent.status()
  const sample = {
    second: Math.round((performance.now() - startedAt) / 1000),
    residentMib: residentBytesOf(agent.pid).now / 1024 ** 2,
    millicores: ((cpu - cpuBefore) / stepMs) * 1e6,
    queued: status.items.reduce((sum, { queued }) => sum + queued, 0),
  }
  cpuBefore = cpu
  samples.push(sample)
  process.stdout.write(
    `${String(sample.second).padStart(5)} s  ${sample.residentMib.toFixed(0)} MiB  ${sample.millicores.toFixed(0)} m  ${sample.queued} queued  ${disturbances[step % disturbances.length]}\n`,
  )
}

await api.ask({ type: 'load', load: { events: 0, podUpdates: 0 } })
for (const namespace of lateNamespaces) await api.ask({ type: 'opt-in', namespace, collected: true })
sink.answer(true)
const ledger = await eventually('nothing is queued any more', () => atRest(agent), {
  withinMs: 120_000,
  everyMs: 500,
})
const states = await eventually('the agent knows what the server knows', sameState, {
  withinMs: 180_000,
  everyMs: 1_000,
})
const growth = growthPercentPerHour(samples.slice(Math.floor(samples.length / 2)))
await agent.close()
await sink.close()
await api.close()

const flat = growth <= growthMax || samples.length < 30
const markdown = `# Soak of the cluster agent

${machineText(machine)}

${minutes} minutes: ${size.pods} pods in ${size.namespaces} namespaces, ${load.events} events/s and ${load.podUpdates} pod updates/s, a tenth of them a pod that goes and one that
comes; every 10 s watches that are closed, expired, cut, reset or failed, or an API server that restarts; a namespace that
opts in or out; a service that refuses for 10 s in each minute; spans of applications. \`npm run soak:agent\` makes this file anew.

- resident memory: ${spanOf(samples.map(({ residentMib }) => residentMib))} MiB, by the line through the second half ${growth.toFixed(1)} % an hour: ${flat ? 'flat' : `more than ${growthMax} %`}
- CPU: ${spanOf(samples.map(({ millicores }) => millicores))} millicores in steps of 10 s
- ledger at rest: ${ledger.map(({ lane, signal, received, shipped, rejected, dropped }) => `${lane}/${signal} received ${received} = shipped ${shipped} + rejected ${rejected} + dropped ${dropped}`).join('; ')}
- objects of the agent and the server at the end: ${states.map(([kind, count]) => `${count} ${kind}`).join(', ')}: the same

${table(
  ['second', 'MiB', 'millicores', 'queued'],
  samples
    .filter((_, at) => at % Math.ceil(samples.length / 20) === 0)
    .map((one) => [one.second, Math.round(one.residentMib), Math.round(one.millicores), one.queued]),
)}
`
process.stdout.write(markdown)
if (minutes >= 10) {
  mkdirSync(resultsDirectory, { recursive: true })
  writeFileSync(join(resultsDirectory, 'soak-agent.md'), markdown)
}
if (!flat) process.exitCode = 1

async function disturb(step: number): Promise<void> {
  await api.ask({ type: 'disturb', how: disturbances[step % disturbances.length] ?? 'close' })
  const namespace = lateNamespaces[step % lateNamespaces.length] ?? 'late-0'
  await api.ask({ type: 'opt-in', namespace, collected: Math.floor(step / lateNamespaces.length) % 2 === 0 })
  sink.answer(step % 6 !== 3)
}

/** An export request of one span that names its namespace, as JSON. */
async function sendSpans({ ports }: AgentProcess): Promise<void> {
  const nowNs = `${Date.now()}000000`
  const span = {
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
    name: 'soak',
    kind: 2,
    startTimeUnixNano: nowNs,
    endTimeUnixNano: nowNs,
  }
  const attributes = [{ key: 'k8s.namespace.name', value: { stringValue: 'team-000' } }]
  const body = JSON.stringify({
    resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans: [span] }] }],
  })
  const headers = { 'content-type': 'application/json' }
  await (
    await fetch(`http://127.0.0.1:${ports.http}/v1/traces`, { method: 'POST', headers, body })
  ).arrayBuffer()
}

async function atRest(of: AgentProcess) {
  const { items } = await of.status()
  if (items.some(({ queued }) => queued > 0)) return undefined
  for (const one of items) {
    const { received, recovered, shipped, rejected, dropped } = one
    if (received + recovered !== shipped + rejected + dropped)
      throw new Error(`the ledger does not add up: ${JSON.stringify(one)}`)
  }
  return items
}

/** Objects of all collected namespaces, by kind; undefined while they differ. */
async function sameState(): Promise<[string, number][] | undefined> {
  const { counts } = await api.ask({ type: 'count' })
  const held = new Map(
    [
      ...(await agent.metrics()).matchAll(
        /^binnacle_agent_kube_store_objects\{resource="([^"]+)"[^}]*\} (\d+)/gm,
      ),
    ].map(([, resource = '', count]) => [resource, Number(count)] as const),
  )
  const compared: [string, string][] = [
    ['Pod', 'pods'],
    ['ReplicaSet', 'replicasets'],
    ['Deployment', 'deployments'],
    ['Service', 'services'],
    ['Event', 'events'],
  ]
  const different = compared.filter(([kind, resource]) => counts.objects[kind] !== held.get(resource))
  if (different.length > 0)
    throw new Error(
      different
        .map(([kind, resource]) => `${kind}: ${counts.objects[kind]} there, ${held.get(resource)} here`)
        .join(', '),
    )
  return compared.map(([kind, resource]) => [kind, held.get(resource) ?? 0])
}

/** Of the least-squares line, relative to its middle. */
function growthPercentPerHour(points: readonly Sample[]): number {
  const meanX = points.reduce((sum, { second }) => sum + second, 0) / points.length
  const meanY = points.reduce((sum, { residentMib }) => sum + residentMib, 0) / points.length
  const covariance = points.reduce((sum, one) => sum + (one.second - meanX) * (one.residentMib - meanY), 0)
  const variance = points.reduce((sum, { second }) => sum + (second - meanX) ** 2, 0)
  return variance === 0 ? 0 : ((covariance / variance) * 3600 * 100) / meanY
}

function spanOf(all: readonly number[]): string {
  return `${Math.round(Math.min(...all))} to ${Math.round(Math.max(...all))}`
}
