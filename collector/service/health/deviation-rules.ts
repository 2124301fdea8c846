import type { Evidence } from '../../record/violation.ts'
import type { Usual } from '../query/baseline.ts'
import type { BusyTransactionRow } from '../query/transaction-health.ts'

/**
 * The vendor's two rules for business transactions, with its own figures (AppDynamics' default health rules, as its export
 * `healthrules.xml` and its page "Alerting for Business Transaction Health Problems" have them). Over 30 minutes, against the daily
 * baseline, the critical condition first:
 *
 *   response time   critical: mean > usual + 3 σ and more than 50 calls a minute
 *                   warning:  mean > usual + 2 σ and more than 100 calls a minute
 *   error rate      critical: errors a minute > usual + 3 σ, more than 10 errors in all, more than 50 calls a minute
 *                   warning:  errors a minute > usual + 2 σ, more than 5 errors in all, more than 50 calls a minute
 *
 * Ours in addition, against alarms for nothing:
 *   - σ is taken for at least a twentieth of the mean: hours that were all alike make nothing remarkable that is not 10 % more.
 *   - No verdict below `hoursMin` hours of baseline. Of so few hours σ itself is uncertain: with 3 of them one quiet window in 17 would
 *     lie above 3 σ, with 7 one in 64 (Student's t with n − 1 degrees of freedom for (x − mean) / (σ √(1 + 1/n))).
 *   - What is open goes on until it is within 2 σ or is hardly called any more, and only grows worse; so it does not flap.
 */
export const windowMinutes = 30
export const hoursMin = 7
/** Below it nothing is judged, and what is open ends: half of what the rules ask for. */
export const callsPerMinuteToEnd = 25
const endSigmas = 2
const sigmaMin = 0.05

interface Condition {
  readonly sigmas: number
  readonly callsPerMinute: number
  readonly errors: number
}

export interface DeviationRule {
  readonly rule: 'transaction-response-time' | 'transaction-error-rate'
  readonly metric: Evidence['metric']
  readonly critical: Condition
  readonly warning: Condition
}

export const deviationRules: readonly DeviationRule[] = [
  {
    rule: 'transaction-response-time',
    metric: 'meanMs',
    critical: { sigmas: 3, callsPerMinute: 50, errors: -1 },
    warning: { sigmas: 2, callsPerMinute: 100, errors: -1 },
  },
  {
    rule: 'transaction-error-rate',
    metric: 'errorsPerMinute',
    critical: { sigmas: 3, callsPerMinute: 50, errors: 10 },
    warning: { sigmas: 2, callsPerMinute: 50, errors: 5 },
  },
]

export interface JudgedTransaction
  extends Pick<
    BusyTransactionRow,
    'application' | 'service' | 'transaction' | 'calls' | 'errors' | 'meanMs'
  > {
  readonly usual: Readonly<Record<Evidence['metric'], Usual>>
}

export interface Deviation {
  readonly severity: 'warning' | 'critical'
  readonly evidence: Evidence
}

/** Undefined: the rule is not violated, or nothing can be said. */
export function judgeTransaction(
  { metric, critical, warning }: DeviationRule,
  row: JudgedTransaction,
  at: { readonly fromMs: number; readonly toMs: number; readonly isOpen: boolean },
): Deviation | undefined {
  const minutes = (at.toMs - at.fromMs) / 60_000
  const { hours, mean, sigma } = row.usual[metric]
  if (hours < hoursMin || mean === null || sigma === null) return undefined
  const value = metric === 'meanMs' ? row.meanMs : row.errors / minutes
  const spread = Math.max(sigma, sigmaMin * mean)
  const callsPerMinute = row.calls / minutes
  const exceeds = (sigmas: number) => value > mean + sigmas * spread
  const meets = (condition: Condition) =>
    exceeds(condition.sigmas) && callsPerMinute > condition.callsPerMinute && row.errors > condition.errors
  const goesOn = at.isOpen && exceeds(endSigmas) && callsPerMinute > callsPerMinuteToEnd
  const severity = meets(critical) ? 'critical' : meets(warning) || goesOn ? 'warning' : undefined
  if (severity === undefined) return undefined
  return {
    severity,
    evidence: {
      metric,
      value,
      usual: { mean, sigma, hours },
      deviation: spread > 0 ? (value - mean) / spread : null,
      callsPerMinute,
      errorRatio: row.errors / row.calls,
      fromMs: at.fromMs,
      toMs: at.toMs,
    },
  }
}

/** One sentence with the figures. */
export function deviationWords(
  { transaction, service }: Pick<JudgedTransaction, 'transaction' | 'service'>,
  { metric, value, usual, deviation, callsPerMinute, errorRatio }: Evidence,
): string {
  const unit = metric === 'meanMs' ? 'ms' : 'errors a minute'
  const above = deviation === null ? '' : `, ${digits(deviation)} σ above`
  const figures = `${digits(value)} ${unit} where ${digits(usual.mean)} ± ${digits(usual.sigma)} are usual at this hour (${usual.hours} hours)${above}`
  const calls = `${digits(callsPerMinute)} calls a minute`
  return metric === 'meanMs'
    ? `${transaction} of ${service} takes ${figures}; ${calls}`
    : `${transaction} of ${service} fails: ${figures}; ${digits(100 * errorRatio)} % of ${calls}`
}

const digits = (value: number) => Number(value.toPrecision(3))
