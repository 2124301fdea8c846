import { alertBadCallsDefault } from '../../record/slo.ts'
import type { HealthFindingRow } from '../query/health.ts'
import { badOf, burnAlerts, type SloStatus } from '../query/slo.ts'
import { sloStatuses } from '../query/slo-status.ts'
import { namingOf } from '../query/transaction-naming.ts'
import type { Slos } from '../store/slos.ts'
import type { Store } from '../store/store.ts'
import type { TransactionSettingsStore } from '../store/transaction-settings.ts'

export interface SloFindingDeps {
  readonly store: Pick<Store, 'query'>
  readonly slos: Pick<Slos, 'list'>
  readonly transactionSettings: Pick<TransactionSettingsStore, 'newest'>
}

/** Objectives whose error budget burns too fast, or is spent. */
export async function sloFindings(
  { store, slos, transactionSettings }: SloFindingDeps,
  nowMs: number,
): Promise<HealthFindingRow[]> {
  const known = await slos.list()
  const naming = namingOf(await transactionSettings.newest())
  const statuses = await sloStatuses((query) => store.query(query), known, { nowMs, naming })
  return known.flatMap(({ sloId, definition }) => {
    const { name, application, windowDays, alertBadCalls = alertBadCallsDefault } = definition
    const status = statuses.get(sloId)
    if (!status) return []
    const finding = (rule: string, severity: HealthFindingRow['severity'], what: string) => ({
      rule,
      severity,
      entityKind: 'SLO',
      entity: name,
      entityId: sloId,
      clusterId: '',
      namespace: '',
      application,
      message: `${name}: ${what}`,
    })
    const burns = (which: keyof typeof burnAlerts) => {
      const { long, rate } = burnAlerts[which]
      return `the error budget of ${windowDays} days is spent ${round(status.burn[long])} times too fast (limit ${rate})${lasting(status)}`
    }
    return [
      ...(status.burning === 'fast' ? [finding('slo-fast-burn', 'critical', burns('fast'))] : []),
      ...(status.burning === 'slow' ? [finding('slo-slow-burn', 'warning', burns('slow'))] : []),
      ...(status.state === 'exhausted' && badOf(status) >= alertBadCalls
        ? [finding('slo-budget-spent', 'warning', `no error budget of ${windowDays} days is left`)]
        : []),
    ]
  })
}

function lasting({ exhaustedInMs }: SloStatus): string {
  if (exhaustedInMs === null || exhaustedInMs === 0) return ''
  const hours = exhaustedInMs / 3_600_000
  return `; it lasts ${hours < 48 ? `${round(hours)} h` : `${round(hours / 24)} days`} more`
}

const round = (value: number) => Number(value.toPrecision(3))
