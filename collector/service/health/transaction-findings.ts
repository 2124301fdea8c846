import type { Counter } from '../../std/self-metrics.ts'
import { usualOfWindows, windowsOf } from '../query/baseline.ts'
import { findingsMax, type HealthFindingRow } from '../query/health.ts'
import { rolledUpToQuery } from '../query/red-rollup.ts'
import {
  type BusyTransactionRow,
  transactionHealthQuery,
  transactionsJudgedMax,
} from '../query/transaction-health.ts'
import type { Store } from '../store/store.ts'
import {
  callsPerMinuteToEnd,
  deviationRules,
  deviationWords,
  judgeTransaction,
  windowMinutes,
} from './deviation-rules.ts'
import type { RuleSet } from './rule-set.ts'

/** Spans of a minute arrive for a while after it. */
const arrivalMs = 60_000

/**
 * Transactions that are slower or fail more than is usual for them. They are judged by what is rolled up, and anew when a minute
 * more is: while the rollup stands still, so does the verdict. Of more than `transactionsJudgedMax` the less busy are left out.
 */
export function transactionFindings({
  store,
  unjudged,
}: {
  readonly store: Pick<Store, 'query'>
  readonly unjudged: Counter
}): RuleSet {
  let judgedToMs = 0
  return {
    rules: deviationRules.map(({ rule }) => rule),
    async find(nowMs, open) {
      const [progress] = await store.query<{ receivedUntilMs: number }>(rolledUpToQuery())
      const toMs = floorTo(Math.min(progress?.receivedUntilMs ?? 0, nowMs) - arrivalMs, 60_000)
      if (toMs <= 0 || toMs === judgedToMs) return undefined
      const range = { fromMs: toMs - windowMinutes * 60_000, toMs }
      const [window] = windowsOf({ ...range, season: 'daily', zone: 'UTC' })
      if (!window) throw new Error('BUG: a range without a window')
      const rows = await store.query<BusyTransactionRow>(
        transactionHealthQuery({ ...range, callsPerMinute: callsPerMinuteToEnd, window }),
      )
      judgedToMs = toMs
      unjudged.add(Math.max(0, (rows[0]?.busy ?? 0) - transactionsJudgedMax))
      const known = new Set(open.map((one) => keyOf(one.rule, one.application, one.service, one.entity)))
      const findings = rows.flatMap((row) => {
        const [usual] = usualOfWindows(row, [window], 'daily')
        if (!usual) throw new Error('BUG: a window without what is usual')
        return deviationRules.flatMap((rule): HealthFindingRow[] => {
          const { application, service, transaction } = row
          const isOpen = known.has(keyOf(rule.rule, application, service, transaction))
          const found = judgeTransaction(rule, { ...row, usual }, { ...range, isOpen })
          if (!found) return []
          return [
            {
              rule: rule.rule,
              severity: found.severity,
              entityKind: 'Transaction',
              entity: transaction,
              service,
              clusterId: '',
              namespace: '',
              application,
              message: deviationWords(row, found.evidence),
              evidence: JSON.stringify(found.evidence),
            },
          ]
        })
      })
      return findings.slice(0, findingsMax)
    },
  }
}

const keyOf = (...parts: readonly (string | undefined)[]) => JSON.stringify(parts)
const floorTo = (value: number, unit: number) => Math.floor(value / unit) * unit
