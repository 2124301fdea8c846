import type { ViolationList, ViolationRow } from '@binnacle/collector/api/violations'
import { useApi } from '../api.ts'
import { formatPlural } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { Card } from '../parts/card.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { Chip, FilterBar } from '../parts/filter-bar.tsx'
import { Page } from '../parts/page.tsx'
import { listOf, toggleInList } from '../search-params.ts'
import { useSearchParams, useSetSearch, useTimeRange } from '../url-state.ts'
import { ViolationTable } from './violation-table.tsx'

const filters = ['open', 'ended', 'critical', 'warning'] as const
type Filter = (typeof filters)[number]

const passes: Readonly<Record<Filter, (row: ViolationRow) => boolean>> = {
  open: (row) => row.closedMs === 0,
  ended: (row) => row.closedMs !== 0,
  critical: (row) => row.severity === 'critical',
  warning: (row) => row.severity === 'warning',
}

/** When health rules were violated, by what. */
export function ViolationsPage() {
  const { from, to } = useTimeRange()
  const { show } = useSearchParams()
  const set = useSetSearch()
  const answer = useApi<ViolationList>('/violations', { from, to })
  const chosen = filters.filter((one) => listOf(show).includes(one))
  const all = answer.data?.violations ?? []
  return (
    <Page title="Violations">
      <FilterBar>
        <div className="chips">
          {filters.map((one) => (
            <Chip
              key={one}
              pressed={chosen.includes(one)}
              count={all.filter(passes[one]).length}
              onToggle={() => set({ show: toggleInList(show, one) })}
            >
              {one}
            </Chip>
          ))}
        </div>
      </FilterBar>
      <AnswerView answer={answer} height={320}>
        {({ violations }) => (
          <Violations rows={violations.filter((row) => chosen.every((one) => passes[one](row)))} />
        )}
      </AnswerView>
    </Page>
  )
}

function Violations({ rows }: { readonly rows: readonly ViolationRow[] }) {
  if (rows.length === 0) {
    return (
      <EmptyState title="No violation in this time range">
        Health rules watch what transactions take and how many of their calls fail beside what is usual at
        this hour of the day (once it was seen seven times), error rates of tiers, error budgets of
        objectives, restarts and pods that do not get ready. What they find is listed here, from when to when.
      </EmptyState>
    )
  }
  return (
    <Card title={formatPlural(rows.length, 'violation')}>
      <ViolationTable violations={rows} />
    </Card>
  )
}
