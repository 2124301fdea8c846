import type { ComparedOperation, ReleaseComparison } from '@binnacle/collector/api/releases'
import { formatCount, formatDuration, formatPercent, missing } from '../format.ts'
import { type Column, DataTable } from '../parts/data-table.tsx'
import { TracesLink } from '../traces/trace-links.tsx'
import { OutcomeBadge } from './verdict.tsx'

const rank: Readonly<Record<ComparedOperation['outcome'], number>> = {
  worse: 3,
  better: 2,
  'no-difference': 1,
  'not-enough-data': 0,
}

/** Each operation by itself: both sides beside each other; figures lead to the traces of their side. */
export function OperationComparison({ comparison }: { readonly comparison: ReleaseComparison }) {
  const { application, service, operations } = comparison
  const pair = (
    header: string,
    value: (side: ComparedOperation['a']) => number | null,
    format: (value: number) => string,
    filters: { readonly status?: 'error'; readonly sort?: 'slowest' },
  ): Column<ComparedOperation>[] =>
    (['a', 'b'] as const).map((side) => ({
      header: `${header} ${comparison[side].name}`,
      numeric: true,
      sort: (row) => value(row[side]) ?? -1,
      cell: (row) => {
        const figure = value(row[side])
        const { version, fromMs, toMs } = comparison[side]
        if (figure === null) return <span className="quiet">{missing}</span>
        if (figure === 0) return <span className="quiet">0</span>
        return (
          <TracesLink
            range={{ fromMs, toMs }}
            filters={{
              ...{ application, service, operation: row.operation },
              ...(version === null ? {} : { version }),
              ...filters,
            }}
          >
            {format(figure)}
          </TracesLink>
        )
      },
    }))
  return (
    <DataTable
      rows={operations}
      rowKey={(row) => `${row.operation}\n${row.kind}`}
      columns={[
        {
          header: 'Operation',
          width: 'min(260px, 42vw)',
          sort: (row) => row.operation,
          cell: (row) => (
            <>
              {row.operation}
              {row.kind !== 'server' && <span className="quiet"> {row.kind}</span>}
            </>
          ),
        },
        {
          header: 'Verdict',
          sort: (row) => rank[row.outcome],
          cell: (row) => <OutcomeBadge outcome={row.outcome} />,
        },
        ...pair(
          'Calls',
          (side) => side.calls,
          (value) => formatCount(Math.round(value)),
          {},
        ),
        ...pair('p50', (side) => side.p50Ms, formatDuration, {}),
        ...pair('p95', (side) => side.p95Ms, formatDuration, { sort: 'slowest' }),
        ...pair('Errors', (side) => (side.calls > 0 ? side.errors / side.calls : null), formatPercent, {
          status: 'error',
        }),
      ]}
    />
  )
}
