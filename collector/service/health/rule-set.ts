import type { HealthFindingRow } from '../query/health.ts'

export interface OpenViolation extends HealthFindingRow {
  readonly violationId: string
  readonly openedMs: number
}

/** Built-in rules that are asked together. */
export interface RuleSet {
  /** Their names: all of them, so that what was found before is known to be over. */
  readonly rules: readonly string[]
  /** Undefined: nothing new is known, and what is open stays open. */
  find(nowMs: number, open: readonly OpenViolation[]): Promise<readonly HealthFindingRow[] | undefined>
}
