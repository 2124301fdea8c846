import { agentsTable } from '../../collector/record/agent.ts'
import {
  kubeChangesTable,
  kubeCrashesTable,
  kubeEventsTable,
  kubeObjectsTable,
} from '../../collector/record/kube.ts'
import { agentNamespacesTable } from '../../collector/record/remote-config.ts'
import { metricsTable } from '../../collector/record/signal.ts'
import { resourcesTable, spansTable } from '../../collector/record/span.ts'
import type { AnyTable, RowOf } from '../../collector/record/table.ts'
import { countFindings } from '../../collector/service/health/finding-counts.ts'
import type { Store } from '../../collector/service/store/store.ts'
import { seedAgents, seedChanges, seedCrashes, seedNamespaces, seedObjects } from './seed/cluster.ts'
import { seedEvents } from './seed/events.ts'
import { seedTraces, type TraceFacts } from './seed/traces.ts'
import { seedUsage } from './seed/usage.ts'

export interface SeedOptions {
  /** The end of the seeded hour; every row is derived from it, so the same time gives the same rows. */
  readonly nowMs: number
  /** How far back traffic and usage reach. */
  readonly minutes?: number
  readonly tracesPerMinute?: number
  /** Usage samples every so many seconds. */
  readonly usageStepSeconds?: number
}

export interface SeedFacts {
  readonly clusterId: string
  readonly fromMs: number
  readonly toMs: number
  readonly traces: TraceFacts
}

/**
 * Writes the demo: cluster `demo` with about 30 pods in all kinds of states and the application `shop`.
 * Spans come as two inserts, so that halves of calls arrive apart, and some of them twice.
 */
export async function seedDemo(store: Store, options: SeedOptions): Promise<SeedFacts> {
  const { nowMs, minutes = 60, tracesPerMinute = 20, usageStepSeconds = 30 } = options
  const fromMs = nowMs - minutes * 60_000
  const traces = seedTraces({ fromMs, minutes, tracesPerMinute })
  const inserts: (readonly [AnyTable, readonly RowOf<AnyTable>[]])[] = [
    [agentsTable, seedAgents(nowMs)],
    [agentNamespacesTable, seedNamespaces(nowMs)],
    [kubeObjectsTable, seedObjects(nowMs)],
    [kubeChangesTable, seedChanges(nowMs)],
    [kubeEventsTable, seedEvents(nowMs)],
    [kubeCrashesTable, seedCrashes(nowMs)],
    [metricsTable, seedUsage({ nowMs, fromMs, stepSeconds: usageStepSeconds })],
    [resourcesTable, traces.resources],
    [spansTable, traces.first],
    [spansTable, traces.late],
    [spansTable, traces.duplicates],
  ]
  for (const [index, [table, rows]] of inserts.entries()) {
    const outcome = await store.insert({ table, rows }, `seed/${nowMs}/${index}`)
    if (outcome.type !== 'stored') throw new Error(`cannot seed ${table.name}: ${outcome.message}`)
  }
  // As the service would have counted them while it ran.
  for (let timeMs = fromMs; timeMs <= nowMs; timeMs += 10 * 60_000) await countFindings(store, timeMs)
  return { clusterId: 'demo', fromMs, toMs: nowMs, traces: traces.facts }
}
