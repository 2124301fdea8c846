import type { Snapshot, SnapshotList } from '@binnacle/collector/api/transactions'
import { useApi } from '../api.ts'
import { ApplicationFrame, useApplication } from '../applications/application-page.tsx'
import { formatCount, formatDateTime } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { Card } from '../parts/card.tsx'
import { Chart } from '../parts/chart.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { FacetChips, FilterBar } from '../parts/filter-bar.tsx'
import { Segments } from '../parts/segments.tsx'
import { TextFilter } from '../parts/text-filter.tsx'
import { CompareLink } from '../traces/trace-links.tsx'
import { useSearchParams, useSetSearch, useTimeRange } from '../url-state.ts'
import { DurationFilter } from './duration-filter.tsx'
import { parsePicked, pickedToText } from './picked.ts'
import { keptText, reasonColors } from './snapshot-reasons.ts'
import { SnapshotTable } from './snapshot-table.tsx'
import { countValues } from './transaction-filter.ts'
import './transactions.css'

const pageMax = 500
const sorts = ['newest', 'slowest'] as const

/** The calls of an application that were kept for a look, and why. */
export function SnapshotsPage() {
  const application = useApplication()
  const range = useTimeRange()
  const search = useSearchParams()
  const filters = {
    from: range.from,
    to: range.to,
    application,
    service: search['tier'],
    transaction: search['transaction'],
    version: search['version'],
    pod: search['pod'],
    minMs: search['minMs'],
    maxMs: search['maxMs'],
    q: search['q'],
  }
  const { reason } = search
  const answer = useApi<SnapshotList>('/snapshots', {
    ...filters,
    reason,
    sort: search['sort'],
    before: search['before'],
    limit: pageMax,
  })
  // How many of the other reasons there are.
  const others = useApi<SnapshotList>(
    '/snapshots',
    { ...filters, limit: 1 },
    { enabled: reason !== undefined },
  )
  const totals = (reason === undefined ? answer : others).data?.totals ?? []
  return (
    <ApplicationFrame>
      <Filters rows={answer.data?.snapshots ?? []} totals={totals} />
      <AnswerView answer={answer} height={480}>
        {(list) => <Snapshots list={list} />}
      </AnswerView>
    </ApplicationFrame>
  )
}

interface FilterProps {
  readonly rows: readonly Snapshot[]
  readonly totals: SnapshotList['totals']
}

/** Tiers, versions, transactions and pods are offered as far as the rows on screen have them. */
function Filters({ rows, totals }: FilterProps) {
  const values = (of: (row: Snapshot) => string) => countValues(rows.map(of))
  return (
    <FilterBar>
      <TextFilter label="Find by name or exception" />
      <FacetChips
        name="reason"
        label="Reason"
        values={totals.map(({ reason, kept }) => ({ value: reason, count: kept }))}
      />
      <FacetChips name="tier" label="Tier" values={values((row) => row.service)} />
      <OneOf name="transaction" label="Transaction" values={values((row) => row.transaction)} />
      <FacetChips name="version" label="Version" values={values((row) => row.version)} menu />
      <FacetChips name="pod" label="Pod" values={values((row) => row.pod)} menu />
      <DurationFilter />
    </FilterBar>
  )
}

/** Names of transactions may hold commas: one can be chosen. */
function OneOf({
  name,
  label,
  values,
}: {
  name: string
  label: string
  values: ReturnType<typeof countValues>
}) {
  const chosen = useSearchParams()[name] ?? ''
  const set = useSetSearch()
  const offered = values.filter(({ value }) => value !== '' && value !== chosen)
  if (offered.length === 0 && chosen === '') return null
  return (
    <label className="filter-facet">
      <span className="filter-name">{label}</span>
      <select value={chosen} onChange={(event) => set({ [name]: event.target.value || undefined })}>
        <option value="">any</option>
        {chosen && <option value={chosen}>{chosen}</option>}
        {offered.map(({ value, count }) => (
          <option key={value} value={value}>{`${value} (${formatCount(count)})`}</option>
        ))}
      </select>
    </label>
  )
}

function Snapshots({ list }: { readonly list: SnapshotList }) {
  const search = useSearchParams()
  const set = useSetSearch()
  const picked = parsePicked(search['pick'])
  const sort = search['sort'] === 'slowest' ? 'slowest' : 'newest'
  if (list.snapshots.length === 0) {
    return (
      <EmptyState title="No call was kept that matches">
        Kept are all calls that failed, stalled, or were slow by the 120 minutes before them (of one operation
        and minute the ten slowest), and one normal call a minute. Widen the time range or take away a filter.
      </EmptyState>
    )
  }
  const toggle = ({ traceId, startMs }: Snapshot) => {
    const rest = picked.filter((one) => one.traceId !== traceId)
    const next = rest.length < picked.length ? rest : [...rest.slice(-1), { traceId, startMs }]
    set({ pick: pickedToText(next) }, { replace: true })
  }
  return (
    <>
      <Card title="Kept calls">
        <Chart chart={list.histogram} kind="bars" colors={reasonColors} height={120} />
        <p className="snapshot-kept">{keptText(list.totals)}</p>
      </Card>
      {picked.length > 0 && (
        <Picked picked={picked} onClear={() => set({ pick: undefined }, { replace: true })} />
      )}
      <Card
        title={
          list.next
            ? `The ${formatCount(list.snapshots.length)} newest`
            : `${formatCount(list.snapshots.length)} calls`
        }
        actions={
          <Segments
            label="Sort"
            values={sorts}
            chosen={sort}
            onChoose={(value) => set({ sort: value === 'newest' ? undefined : value, before: undefined })}
          />
        }
      >
        <SnapshotTable
          snapshots={list.snapshots}
          pick={{ isPicked: (row) => picked.some((one) => one.traceId === row.traceId), toggle }}
        />
        <p className="page-links">
          {search['before'] && (
            <button type="button" className="button" onClick={() => set({ before: undefined })}>
              Newest
            </button>
          )}
          {list.next && (
            <button type="button" className="button" onClick={() => set({ before: list.next })}>
              Older
            </button>
          )}
        </p>
      </Card>
    </>
  )
}

interface PickedProps {
  readonly picked: ReturnType<typeof parsePicked>
  readonly onClear: () => void
}

function Picked({ picked, onClear }: PickedProps) {
  const [first, second] = picked
  return (
    <p className="snapshot-picked">
      {first && second ? (
        <CompareLink traceId={second.traceId} aroundMs={second.startMs} other={first}>
          {`Compare ${formatDateTime(second.startMs)} with ${formatDateTime(first.startMs)}`}
        </CompareLink>
      ) : (
        first && (
          <>
            <span>Choose a second call, or</span>
            <CompareLink traceId={first.traceId} aroundMs={first.startMs}>
              compare {formatDateTime(first.startMs)} with a typical one
            </CompareLink>
          </>
        )
      )}
      <button type="button" className="button" onClick={onClear}>
        Clear
      </button>
    </p>
  )
}
