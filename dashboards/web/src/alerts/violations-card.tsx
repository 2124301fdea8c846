import type { ViolationRow } from '@binnacle/collector/api/violations'
import { Link } from '@tanstack/react-router'
import { Card } from '../parts/card.tsx'
import { timeSearch } from '../search-params.ts'
import { ViolationTable } from './violation-table.tsx'

const shownMax = 10

/** Of one application or transaction, those that are open first; nothing where there are none. */
export function ViolationsCard({ violations }: { readonly violations: readonly ViolationRow[] }) {
  if (violations.length === 0) return null
  const open = violations.filter(({ closedMs }) => closedMs === 0).length
  return (
    <Card
      title="Violations"
      hint={`${open} open, ${violations.length - open} ended in this time range`}
      actions={
        <Link to="/violations" search={timeSearch}>
          All violations
        </Link>
      }
    >
      <ViolationTable violations={violations.slice(0, shownMax)} />
    </Card>
  )
}
