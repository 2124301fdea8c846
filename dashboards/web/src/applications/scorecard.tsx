import { Link } from '@tanstack/react-router'
import { formatCount, formatPercent } from '../format.ts'
import { type ClassCounts, callClasses } from '../parts/class-bar.tsx'
import { timeSearch } from '../search-params.ts'
import './scorecard.css'

interface Props {
  readonly classes: ClassCounts
  readonly application: string
  /** Which calls: filters of the snapshots behind the numbers. */
  readonly filters?: Readonly<Record<string, string>>
}

/** Reasons of snapshots by class; of normal calls a periodic sample is kept. */
const reasons = {
  normal: 'periodic',
  slow: 'slow',
  verySlow: 'very slow',
  stalled: 'stall',
  errors: 'error',
} as const

/** How many calls were of each class; a class leads to its snapshots. */
export function Scorecard({ classes, application, filters = {} }: Props) {
  const total = callClasses.reduce((sum, { key }) => sum + classes[key], 0)
  return (
    <table className="scorecard">
      <caption className="visually-hidden">Calls by class</caption>
      <tbody>
        {callClasses.map(({ key, label, color }) => (
          <tr key={key} data-class={key} data-some={(classes[key] > 0 && key !== 'normal') || undefined}>
            <th scope="row">
              <i style={{ background: `var(${color})` }} />
              <Link
                to="/applications/$application/snapshots"
                params={{ application }}
                search={(previous: Record<string, unknown>) => ({
                  ...timeSearch(previous),
                  ...filters,
                  reason: reasons[key],
                })}
              >
                {label}
              </Link>
            </th>
            <td className="scorecard-bar" aria-hidden="true">
              <span
                style={{
                  width: `${total === 0 ? 0 : (100 * classes[key]) / total}%`,
                  background: `var(${color})`,
                }}
              />
            </td>
            <td>{total === 0 ? '–' : formatPercent(classes[key] / total)}</td>
            <td className="quiet">{formatCount(classes[key])}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
