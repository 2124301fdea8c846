import { randomUUID } from 'node:crypto'
import { auditTable } from '../../record/remote-config.ts'
import {
  type SettingsRow,
  type TransactionSettings,
  transactionSettingsTable,
} from '../../record/transaction-settings.ts'
import { errorText } from '../../std/assert.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import type { Query, Store } from './store.ts'

/**
 * What is set for the transactions of each application: the newest version counts. Reads go through a copy of all that is at most
 * `refreshMs` old. A version is written once, as in agent-configs.ts. Limit: one entry an application that has settings, and
 * their bytes together (record/transaction-settings.ts).
 */
export interface TransactionSettingsStore {
  /** Of every application that has any. */
  newest(): Promise<readonly SettingsRow[]>
  current(application: string): Promise<SettingsVersion>
  save(change: SettingsChange): Promise<SettingsSaved>
}

export interface SettingsVersion {
  /** 0: nothing was set yet. */
  readonly version: number
  readonly settings: TransactionSettings
  readonly changedAtMs: number
  readonly changedBy: string
}

export interface SettingsChange {
  readonly application: string
  /** The version it is based on. */
  readonly version: number
  readonly settings: TransactionSettings
  readonly changedBy: string
}

export type SettingsSaved =
  | { readonly type: 'saved'; readonly saved: SettingsVersion }
  | { readonly type: 'conflict'; readonly newest: SettingsVersion }
  | { readonly type: 'unavailable'; readonly message: string }

interface Deps {
  readonly store: Pick<Store, 'query' | 'insert'>
  readonly clock: Clock
  readonly log: Log
}

export function createTransactionSettings(
  { store, clock, log }: Deps,
  { refreshMs = 1_500 }: { readonly refreshMs?: number } = {},
): TransactionSettingsStore {
  let rows: readonly SettingsRow[] = []
  let readAtMs = Number.NEGATIVE_INFINITY

  async function read(): Promise<void> {
    rows = await store.query<SettingsRow>(newestSettings)
    readAtMs = clock.monotonicMs()
  }
  async function refresh(): Promise<void> {
    if (clock.monotonicMs() - readAtMs > refreshMs) await read()
  }
  function newestOf(application: string): SettingsVersion {
    const row = rows.find((one) => one.application === application)
    if (!row) return { version: 0, settings: {}, changedAtMs: 0, changedBy: '' }
    const { version, settings, changedAtMs, changedBy } = row
    // Only `save` writes rows.
    return { version, settings: JSON.parse(settings) as TransactionSettings, changedAtMs, changedBy }
  }

  return {
    async newest() {
      await refresh()
      return rows
    },
    async current(application) {
      await refresh()
      return newestOf(application)
    },
    async save({ application, version, settings, changedBy }) {
      try {
        await read()
        const before = newestOf(application)
        if (before.version !== version) return { type: 'conflict', newest: before }
        const next = version + 1
        const changeId = randomUUID()
        const nowMs = clock.nowMs()
        const row = {
          application,
          version: BigInt(next),
          settings: JSON.stringify(settings),
          change_id: changeId,
          changed_at: nowMs,
          changed_by: changedBy,
        }
        const token = `transaction-settings-${application}-${next}`
        const outcome = await store.insert({ table: transactionSettingsTable, rows: [row] }, token)
        if (outcome.type !== 'stored') return { type: 'unavailable', message: outcome.message }
        const [written] = await store.query<{ changeId: string }>(changeOf(application, next))
        await read()
        if (written?.changeId !== changeId) return { type: 'conflict', newest: newestOf(application) }
        const entry = {
          time: nowMs,
          actor: changedBy,
          action: 'transactions.configure',
          cluster_id: '',
          subject: `${application}, version ${next}`,
          detail: JSON.stringify({ before: before.settings, after: settings }),
        }
        const audited = await store.insert({ table: auditTable, rows: [entry] }, `audit-${changeId}`)
        if (audited.type !== 'stored') log.error({ cause: audited.message }, 'cannot write to the audit log')
        return { type: 'saved', saved: newestOf(application) }
      } catch (error) {
        return { type: 'unavailable', message: errorText(error) }
      }
    },
  }
}

function changeOf(application: string, version: number) {
  return {
    sql: `
SELECT change_id AS changeId FROM transaction_settings
WHERE application = {application:String} AND version = {version:UInt64} LIMIT 1`,
    params: { application, version },
  }
}

export const newestSettings: Query = {
  sql: `
SELECT
  application, toFloat64(version) AS version, settings, toUnixTimestamp64Milli(changed_at) AS changedAtMs, changed_by AS changedBy
FROM transaction_settings
WHERE (application, version) IN (SELECT application, max(version) FROM transaction_settings GROUP BY application)
ORDER BY application
LIMIT 1 BY application`,
  params: {},
}
