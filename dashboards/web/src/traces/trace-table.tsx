import type { TraceRow } from '@binnacle/collector/api/applications'
import { formatDateTime, formatDuration, formatPlural } from '../format.ts'
import { type Column, DataTable } from '../parts/data-table.tsx'
import { StatusBadge } from '../parts/status-badge.tsx'
import { CompareLink, TraceLink } from './trace-links.tsx'

interface Props {
  readonly traces: readonly TraceRow[]
  readonly onOpen: (trace: TraceRow) => void
  /** The trace that the chosen one shall be compared with. */
  readonly compare?: { readonly traceId: string; readonly startMs: number } | undefined
}

export function TraceTable({ traces, onOpen, compare }: Props) {
  const longestMs = traces.reduce((most, trace) => Math.max(most, trace.durationMs), 1e-6)
  return (
    <DataTable
      rows={traces}
      rowKey={(trace) => trace.traceId}
      onOpen={onOpen}
      columns={[operationColumn(compare), durationColumn(longestMs), ...moreColumns]}
    />
  )
}

function operationColumn(compare: Props['compare']): Column<TraceRow> {
  return {
    header: 'Operation',
    width: 'min(280px, 42vw)',
    cell: (trace) =>
      compare ? (
        <CompareLink traceId={compare.traceId} aroundMs={compare.startMs} other={trace}>
          {trace.rootOperation}
        </CompareLink>
      ) : (
        <TraceLink traceId={trace.traceId} aroundMs={trace.startMs}>
          {trace.rootOperation}
        </TraceLink>
      ),
  }
}

function durationColumn(longestMs: number): Column<TraceRow> {
  return {
    header: 'Duration',
    width: 110,
    numeric: true,
    sort: (trace) => trace.durationMs,
    cell: (trace) => (
      <span className="trace-duration">
        <i style={{ width: `${(100 * trace.durationMs) / longestMs}%` }} />
        {formatDuration(trace.durationMs)}
      </span>
    ),
  }
}

const moreColumns: readonly Column<TraceRow>[] = [
  {
    header: 'Status',
    width: 150,
    sort: (trace) => trace.errors,
    cell: (trace) => <TraceStatus trace={trace} />,
  },
  {
    header: 'Start',
    width: 150,
    sort: (trace) => trace.startMs,
    cell: (trace) => formatDateTime(trace.startMs),
  },
  {
    header: 'Entry',
    width: 170,
    hint: 'The service of the root span; of the earliest span where the root is not stored (yet)',
    cell: (trace) => (trace.rootMissing ? `${trace.rootService} (no root)` : trace.rootService),
  },
  { header: 'Spans', width: 80, numeric: true, sort: (trace) => trace.spans, cell: (trace) => trace.spans },
  {
    header: 'Services and versions',
    width: 320,
    cell: (trace) => {
      const text = versionsOf(trace).join(', ')
      return (
        <span className="quiet" title={text}>
          {text}
        </span>
      )
    },
  },
]

function TraceStatus({ trace }: { readonly trace: TraceRow }) {
  const http = trace.httpStatus > 0 ? ` · ${trace.httpStatus}` : ''
  return trace.errors === 0 ? (
    <StatusBadge state="ok">{`ok${http}`}</StatusBadge>
  ) : (
    <StatusBadge state="error">{`${formatPlural(trace.errors, 'error')}${http}`}</StatusBadge>
  )
}

/** Services with their versions; a service without version by its name. */
function versionsOf(trace: TraceRow): string[] {
  return trace.services.map((service) => {
    const versions = trace.versions
      .filter((one) => one.startsWith(`${service}@`))
      .map((one) => one.slice(service.length + 1))
    return versions.length > 0 ? `${service} ${versions.join('+')}` : service
  })
}
