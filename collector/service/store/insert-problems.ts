import type { AnyTable } from '../../record/table.ts'
import type { InsertOutcome } from './store.ts'

/** What keeps rows out of the database now: at most one sentence a table, until an insert into that table succeeds. */
export interface InsertProblems {
  /** Returns the outcome as it is. */
  note(table: AnyTable, outcome: InsertOutcome): InsertOutcome
  /** The one that came last; empty: none is known. */
  last(): string
}

const charsMax = 300

export function createInsertProblems(): InsertProblems {
  const problems = new Map<string, string>()
  return {
    note(table, outcome) {
      problems.delete(table.name)
      if (outcome.type === 'unavailable')
        problems.set(table.name, outcome.message.replaceAll(/\s+/g, ' ').slice(0, charsMax))
      return outcome
    },
    last: () => [...problems.values()].at(-1) ?? '',
  }
}
