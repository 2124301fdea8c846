import { tierColorsMax } from './tier-colors.ts'

/** Which colour is which tier; those beyond the last colour share it. */
export function TierLegend({ tiers }: { readonly tiers: readonly string[] }) {
  const [shown, others] = [tiers.slice(0, tierColorsMax), tiers.length - tierColorsMax]
  return (
    <span className="trace-legend flame-legend">
      {shown.map((tier, index) => (
        <span key={tier}>
          <i style={{ background: `var(--series-${index + 1})` }} /> {tier}
          {index === tierColorsMax - 1 && others > 0 && ` and ${others} more`}
        </span>
      ))}
    </span>
  )
}
