import type { SloStatus } from '@binnacle/collector/api/slos'
import { formatPercent, threeDigits } from '../format.ts'

/** How much of the error budget is left; nothing when it is overspent, which the number says. */
export function BudgetBar({ status }: { readonly status: SloStatus }) {
  const { left } = status.budget
  const tone = left <= 0 ? 'bad' : status.burning ? 'warn' : 'ok'
  return (
    <span className="budget-bar" data-tone={tone}>
      <span className="budget-track">
        <i style={{ width: `${100 * Math.min(1, Math.max(0, left))}%` }} />
      </span>
      <span className="budget-left">
        {status.total === 0 ? '–' : left < 0 ? `spent ${threeDigits(1 - left)}×` : formatPercent(left)}
      </span>
    </span>
  )
}
