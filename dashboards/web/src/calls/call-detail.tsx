import type { CallDetail } from '@binnacle/collector/api/calls'
import { useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { callColumns } from '../applications/red-columns.tsx'
import { formatCount, formatDateTime, formatDuration, formatPercent, formatRate } from '../format.ts'
import { Chart } from '../parts/chart.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { Figure } from '../parts/figure.tsx'
import type { TraceFilters } from '../traces/trace-filters.ts'
import { rangeSearch, TraceLink, TracesLink } from '../traces/trace-links.tsx'
import './calls.css'

interface Props {
  readonly detail: CallDetail
  readonly filters: TraceFilters
  /** What the parts are: those who call it, or versions of what is called. */
  readonly partsTitle: string
  /** Behind the parts: who else has to do with it. */
  readonly callers?: ReactNode
  /** Before the charts. */
  readonly children?: ReactNode
}

/** Rate, errors and time of one kind of call: figures, trends, who has a part in it, the slowest of them. */
export function CallDetailView({ detail, filters, partsTitle, callers, children }: Props) {
  const { red, charts, parts, consumers, slowest, sinceMs } = detail
  const navigate = useNavigate()
  const rowsBehind = (more: TraceFilters) => (range: { fromMs: number; toMs: number }) =>
    navigate({
      to: '/traces',
      search: { ...rangeSearch(range), ...filters, ...more } as Record<string, unknown>,
    })
  if (red.calls === 0 && consumers.length === 0)
    return (
      <EmptyState title="No call in this time range">
        Choose a longer time range.
        {sinceMs !== null && ` It was first called at ${formatDateTime(sinceMs)}.`}
      </EmptyState>
    )
  return (
    <div className="call-detail">
      {children}
      <div className="figures">
        <Figure
          label="Calls"
          value={<TracesLink filters={filters}>{formatRate(red.callsPerMinute)}</TracesLink>}
          detail={formatCount(red.calls)}
        />
        <Figure label="Mean" value={formatDuration(red.meanMs)} detail={`p50 ${formatDuration(red.p50Ms)}`} />
        <Figure
          label="p95"
          value={
            <TracesLink filters={{ ...filters, sort: 'slowest' }}>{formatDuration(red.p95Ms)}</TracesLink>
          }
          detail={`longest ${formatDuration(red.maxMs)}`}
        />
        <Figure
          label="Errors"
          tone={red.errors > 0 ? 'bad' : 'quiet'}
          value={
            <TracesLink filters={{ ...filters, status: 'error' }}>{formatPercent(red.errorRatio)}</TracesLink>
          }
          detail={formatRate(red.errorsPerMinute)}
        />
      </div>
      {sinceMs !== null && (
        <p className="quiet">Called since {formatDateTime(sinceMs)}, as far as is kept.</p>
      )}
      <h3>Load</h3>
      <Chart chart={charts.load} kind="area" height={110} onPoint={rowsBehind({})} />
      <h3>Response time</h3>
      <Chart chart={charts.responseTime} height={140} onPoint={rowsBehind({ sort: 'slowest' })} />
      {red.errors > 0 && (
        <>
          <h3>Errors</h3>
          <Chart
            chart={charts.errors}
            kind="bars"
            tone="bad"
            height={100}
            onPoint={rowsBehind({ status: 'error' })}
          />
        </>
      )}
      <h3>{partsTitle}</h3>
      <Parts parts={parts} filters={filters} />
      {consumers.length > 0 && (
        <>
          <h3>Taken by</h3>
          <Parts parts={consumers} filters={filters} />
        </>
      )}
      {callers}
      {slowest.length > 0 && (
        <>
          <h3>Slowest calls</h3>
          <ul className="slow-calls">
            {slowest.map((call) => (
              <li key={call.traceId}>
                <TraceLink traceId={call.traceId} aroundMs={call.atMs}>
                  {formatDuration(call.durationMs)}
                </TraceLink>
                <span className="quiet">{`${call.service} ${call.version}`}</span>
                <span className="quiet">{formatDateTime(call.atMs)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  )
}

function Parts({ parts, filters }: { readonly parts: CallDetail['parts']; readonly filters: TraceFilters }) {
  return (
    <DataTable
      rows={parts}
      rowKey={(part) => `${part.service} ${part.version}`}
      columns={[
        {
          header: 'Tier',
          sort: (part) => part.service,
          cell: (part) => (
            <>
              {part.service} <span className="quiet">{part.version}</span>
            </>
          ),
        },
        ...callColumns<CallDetail['parts'][number]>((part) => ({
          ...filters,
          service: part.service,
          ...(part.version ? { version: part.version } : {}),
        })),
      ]}
    />
  )
}
