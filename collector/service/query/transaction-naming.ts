import type { SettingsRow, TransactionSettings } from '../../record/transaction-settings.ts'

/** How transactions are named and judged: the default, and what is set for applications. */
export interface Naming {
  /** Differs whenever a minute would be computed otherwise; grows with each change. */
  readonly revision: number
  readonly settings: ReadonlyMap<string, TransactionSettings>
}

/** Of the code: to be raised when the same settings give other rows than before. */
const codeRevision = 1

/** Calls of transactions beyond the limit. */
export const otherTraffic = 'All other traffic'

export function namingOf(rows: readonly SettingsRow[]): Naming {
  return {
    revision: codeRevision * 1_000_000_000 + rows.reduce((sum, row) => sum + row.version, 0),
    // Only whoever checks them writes them (store/transaction-settings.ts).
    settings: new Map(rows.map((row) => [row.application, JSON.parse(row.settings) as TransactionSettings])),
  }
}

export const defaultNaming: Naming = namingOf([])
