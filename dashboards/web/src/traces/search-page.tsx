import type { TraceList, TraceRow } from '@binnacle/collector/api/applications'
import { useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { useApi } from '../api.ts'
import { formatCount } from '../format.ts'
import { Card } from '../parts/card.tsx'
import { Chart } from '../parts/chart.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { ErrorState } from '../parts/error-state.tsx'
import { Page } from '../parts/page.tsx'
import { Segments } from '../parts/segments.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { timeSearch } from '../search-params.ts'
import { useSearchParams, useTimeRange } from '../url-state.ts'
import { TraceFilterForm } from './filter-form.tsx'
import { parseTraceFilters, type TraceFilters, traceFiltersToSearch, withFilter } from './trace-filters.ts'
import { compareSearch, rangeSearch, TraceLink } from './trace-links.tsx'
import { TraceScatter } from './trace-scatter.tsx'
import { TraceTable } from './trace-table.tsx'
import './traces.css'

const tracesMax = 500
const sorts = ['newest', 'slowest'] as const

/** Search traces: filters, how many match over time, how long they took, and the list. */
export function TraceSearchPage() {
  const search = useSearchParams()
  const filters = useMemo(() => parseTraceFilters(search), [search])
  const navigate = useNavigate()
  const range = useTimeRange()
  const found = useApi<TraceList>('/traces', {
    from: range.from,
    to: range.to,
    ...traceFiltersToSearch(filters),
    limit: tracesMax,
  })
  const compare = search['compare']
    ? { traceId: search['compare'], startMs: Number(search['compareAroundMs'] ?? 0) }
    : undefined
  const kept: Record<string, string> = compare
    ? { compare: compare.traceId, compareAroundMs: String(compare.startMs) }
    : {}
  const change = (next: TraceFilters, time = timeSearch(search)) =>
    navigate({ to: '/traces', search: { ...time, ...kept, ...traceFiltersToSearch(next) } })
  const open = (trace: TraceRow) =>
    compare
      ? navigate({
          to: '/traces/$traceId/compare',
          params: { traceId: compare.traceId },
          search: { ...timeSearch(search), ...compareSearch({ aroundMs: compare.startMs, other: trace }) },
        })
      : navigate({
          to: '/traces/$traceId',
          params: { traceId: trace.traceId },
          search: { ...timeSearch(search), aroundMs: String(Math.round(trace.startMs)) },
        })

  return (
    <Page title="Traces">
      {compare && (
        <p className="trace-choosing">
          <span>
            Choose the row to compare with trace <code>{compare.traceId.slice(0, 8)}…</code>
          </span>
          <TraceLink traceId={compare.traceId} aroundMs={compare.startMs}>
            Back to it
          </TraceLink>
        </p>
      )}
      <TraceFilterForm filters={filters} traces={found.data?.traces ?? []} onChange={change} />
      {found.error ? (
        <ErrorState error={found.error} onRetry={() => found.refetch()} />
      ) : found.data ? (
        <Results
          list={found.data}
          range={range}
          sort={filters.sort ?? 'newest'}
          onSort={(sort) => change(withFilter(filters, 'sort', sort))}
          onZoom={(zoom) => change(filters, rangeSearch(zoom))}
          onOpen={open}
          compare={compare}
        />
      ) : (
        <Skeleton height={480} />
      )}
    </Page>
  )
}

interface ResultsProps {
  readonly list: TraceList
  readonly range: { readonly fromMs: number; readonly toMs: number }
  readonly sort: 'newest' | 'slowest'
  readonly onSort: (sort: 'newest' | 'slowest') => void
  readonly onZoom: (range: { fromMs: number; toMs: number }) => void
  readonly onOpen: (trace: TraceRow) => void
  readonly compare: { readonly traceId: string; readonly startMs: number } | undefined
}

function Results({ list, range, sort, onSort, onZoom, onOpen, compare }: ResultsProps) {
  if (list.traces.length === 0) {
    return (
      <EmptyState title="No trace matches">
        Widen the time range or take away a filter. Duration filters look at the longest span of a trace that
        matches the other filters.
      </EmptyState>
    )
  }
  return (
    <>
      <div className="trace-charts">
        <Card title="Matching traces">
          <Chart
            chart={list.histogram}
            kind="bars"
            colors={{ ok: '--bar', error: '--bad' }}
            onZoom={onZoom}
            height={190}
          />
        </Card>
        <Card title="Duration" hint="✕ with errors · click opens">
          <TraceScatter traces={list.traces} range={rangeShown(list, range)} onOpen={onOpen} />
        </Card>
      </div>
      <Card
        title={listTitle(list, sort)}
        actions={<Segments label="Sort" values={sorts} chosen={sort} onChoose={onSort} />}
      >
        <TraceTable traces={list.traces} onOpen={onOpen} compare={compare} />
        {list.more && (
          <p className="trace-more">
            More traces match than the {formatCount(list.traces.length)} shown: narrow the filters or the
            time.
          </p>
        )}
      </Card>
    </>
  )
}

/** Where only the newest are shown, the scatter covers their time and not the empty rest. */
function rangeShown(list: TraceList, range: ResultsProps['range']): ResultsProps['range'] {
  if (!list.more) return range
  const starts = list.traces.map((trace) => trace.startMs)
  return { fromMs: Math.min(...starts), toMs: Math.max(...starts) + 1 }
}

function listTitle(list: TraceList, sort: 'newest' | 'slowest'): string {
  const count = list.traces.length
  if (list.more) return `The ${count} ${sort} traces`
  return count === 1 ? '1 trace' : `${formatCount(count)} traces`
}
