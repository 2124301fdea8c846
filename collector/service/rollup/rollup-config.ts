export interface RollupConfig {
  readonly intervalMs: number
  /** Spans received so lately are left for the next run: most of a block in the making is then seen once. */
  readonly settleMs: number
  /** A span is visible at most so long after its receipt, by whichever replica's clock. */
  readonly overlapMs: number
  /** A minute is computed first so long after its end. Above `overlapMs` and the clock skew of pairing. */
  readonly minAgeMs: number
  /** Between two computations of a minute: its age at the last one, but within these. */
  readonly spacingMsMin: number
  readonly spacingMsMax: number
  /** Minutes computed in a run. */
  readonly minutesMax: number
  /** Receipt that a run looks at. */
  readonly windowMs: number
  /** Minutes to compute that are kept in mind; beyond it no more receipt is looked at until some are done. */
  readonly pendingMax: number
  /** After a change of names or thresholds, minutes of the last hours are computed anew first. */
  readonly renamedFirstMs: number
  /** After work, a rest of so many times as long. */
  readonly restFactor: number
  /** Minutes older than this are not computed again: some of their raw spans may have expired (after 15 days). */
  readonly keptMs: number
}

export const rollupConfig: RollupConfig = {
  intervalMs: 15_000,
  settleMs: 3_000,
  overlapMs: 60_000,
  minAgeMs: 120_000,
  spacingMsMin: 60_000,
  spacingMsMax: 600_000,
  minutesMax: 60,
  windowMs: 600_000,
  pendingMax: 20_000,
  renamedFirstMs: 3 * 3_600_000,
  restFactor: 3,
  keptMs: 14 * 86_400_000,
}
