import { createHash } from 'node:crypto'
import { type ViolationTableRow, violationsTable } from '../../record/violation.ts'
import { errorText } from '../../std/assert.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import type { Counter, SelfMetrics } from '../../std/self-metrics.ts'
import {
  errorRatioQuery,
  type HealthFindingRow,
  openViolationsQuery,
  podHealthQuery,
  silentAgentsQuery,
} from '../query/health.ts'
import { switchedOffQuery } from '../query/injection.ts'
import type { Query } from '../query/query.ts'
import type { Store } from '../store/store.ts'
import type { OpenViolation, RuleSet } from './rule-set.ts'
import { type SloFindingDeps, sloFindings } from './slo-findings.ts'
import { transactionFindings } from './transaction-findings.ts'

/**
 * Runs the built-in health rules again and again and keeps `violations` in step: a finding without an open violation
 * opens one, one that got worse says so, an open violation without its finding is closed. All state is in the table, so any replica may run this, and
 * two at once write the same rows: the id of a violation is that of its rule and entity with the time step it opened in.
 * A run that fails (the database is away) changes nothing: silence is not health.
 */
export interface HealthRules {
  close(): Promise<void>
}

export interface HealthDeps extends SloFindingDeps {
  readonly store: Pick<Store, 'query' | 'insert'>
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Pick<SelfMetrics, 'counter'>
}

export function startHealthRules(deps: HealthDeps, { intervalMs }: { intervalMs: number }): HealthRules {
  const { clock, log, metrics } = deps
  const failures = metrics.counter('health_run_failures', 'Runs of the health rules that could not finish')
  const stop = new AbortController()
  const unjudged = metrics.counter(
    'health_transactions_unjudged',
    'Busy transactions that were left out when they were judged beside their baselines',
  )
  const ruleSets = builtInRules({ ...deps, unjudged })
  const running = (async () => {
    while (!stop.signal.aborted) {
      try {
        await runHealthRules(deps, ruleSets, intervalMs)
      } catch (error) {
        if (!stop.signal.aborted) {
          failures.add(1)
          log.warn({ error: errorText(error) }, 'cannot run the health rules; violations stay as they are')
        }
      }
      await clock.sleep(intervalMs, stop.signal)
    }
  })()
  return {
    async close() {
      stop.abort()
      await running
    },
  }
}

export function builtInRules(deps: SloFindingDeps & { readonly unjudged: Counter }): readonly RuleSet[] {
  const asked = (rules: readonly string[], query: (at: { nowMs: number }) => Query): RuleSet => ({
    rules,
    find: (nowMs) => deps.store.query<HealthFindingRow>(query({ nowMs })),
  })
  return [
    asked(['pod-crash-looping', 'pod-image-pull', 'pod-pending'], podHealthQuery),
    asked(['service-error-ratio'], errorRatioQuery),
    asked(['agent-silent'], silentAgentsQuery),
    asked(['injection-switched-off'], switchedOffQuery),
    {
      rules: ['slo-fast-burn', 'slo-slow-burn', 'slo-budget-spent'],
      find: (nowMs) => sloFindings(deps, nowMs),
    },
    transactionFindings(deps),
  ]
}

/** One run; returns what it opened, made worse and closed. */
export async function runHealthRules(
  { store, clock }: Pick<HealthDeps, 'store' | 'clock'>,
  ruleSets: readonly RuleSet[],
  stepMs: number,
): Promise<readonly ViolationTableRow[]> {
  const nowMs = clock.nowMs()
  const open = await store.query<OpenViolation>(openViolationsQuery())
  const found = await Promise.all(ruleSets.map(({ find }) => find(nowMs, open)))
  const unjudged = new Set(ruleSets.flatMap(({ rules }, index) => (found[index] ? [] : rules)))
  const rows = compareViolations({
    findings: found.flatMap((findings) => findings ?? []),
    open: open.filter(({ rule }) => !unjudged.has(rule)),
    nowMs,
    stepMs,
  })
  if (rows.length === 0) return rows
  const token = createHash('sha256').update(JSON.stringify(rows)).digest('hex')
  const outcome = await store.insert({ table: violationsTable, rows }, `violations/${token}`)
  if (outcome.type !== 'stored') throw new Error(`cannot write violations: ${outcome.message}`)
  return rows
}

/** Rows for violations that begin, get worse and end. A violation is as severe as it was at its worst. */
export function compareViolations(state: {
  readonly findings: readonly HealthFindingRow[]
  readonly open: readonly OpenViolation[]
  readonly nowMs: number
  readonly stepMs: number
}): ViolationTableRow[] {
  const { findings, open, nowMs, stepMs } = state
  const found = new Set(findings.map(keyOf))
  const known = new Map(open.map((violation) => [keyOf(violation), violation]))
  const changed = findings.flatMap((finding) => {
    const violation = known.get(keyOf(finding))
    if (violation === undefined)
      return [
        toRow(finding, {
          id: idOf(finding, Math.floor(nowMs / stepMs)),
          openedMs: nowMs,
          nowMs,
          closedMs: 0,
        }),
      ]
    if (violation.severity === 'critical' || finding.severity === 'warning') return []
    return [toRow(finding, { id: violation.violationId, openedMs: violation.openedMs, nowMs, closedMs: 0 })]
  })
  const closed = open
    .filter((violation) => !found.has(keyOf(violation)))
    .map((violation) =>
      toRow(violation, { id: violation.violationId, openedMs: violation.openedMs, nowMs, closedMs: nowMs }),
    )
  return [...changed, ...closed]
}

const keyOf = ({ rule, entityKind, entity, service = '', clusterId, application }: HealthFindingRow) =>
  JSON.stringify([rule, entityKind, entity, clusterId, application, ...(service === '' ? [] : [service])])

const idOf = (finding: HealthFindingRow, step: number) =>
  createHash('sha256')
    .update(`${keyOf(finding)} ${step}`)
    .digest('hex')
    .slice(0, 32)

function toRow(
  of: HealthFindingRow,
  at: { readonly id: string; readonly openedMs: number; readonly nowMs: number; readonly closedMs: number },
): ViolationTableRow {
  return {
    violation_id: at.id,
    rule: of.rule,
    severity: of.severity,
    entity_kind: of.entityKind,
    entity: of.entity,
    service: of.service ?? '',
    entity_id: of.entityId ?? '',
    cluster_id: of.clusterId,
    namespace: of.namespace,
    application: of.application,
    message: of.message,
    evidence: of.evidence ?? '',
    opened_at: at.openedMs,
    closed_at: at.closedMs,
    updated_at: at.nowMs,
  }
}
