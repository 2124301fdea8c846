import type { ErrorList, ErrorOperation, ExceptionRow } from '@binnacle/collector/api/errors'
import { useNavigate } from '@tanstack/react-router'
import { useApi } from '../api.ts'
import { ApplicationFrame, useApplication } from '../applications/application-page.tsx'
import { callColumns } from '../applications/red-columns.tsx'
import { keyText, matchesText, useOpenRow } from '../calls/open-row.ts'
import { formatAgo, formatCount, formatDateTime, formatPlural, formatRate } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { Card } from '../parts/card.tsx'
import { Chart } from '../parts/chart.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { Chip, FilterBar } from '../parts/filter-bar.tsx'
import { Spark } from '../parts/spark.tsx'
import { TextFilter } from '../parts/text-filter.tsx'
import { rangeSearch, TracesLink } from '../traces/trace-links.tsx'
import { useSearchParams, useSetSearch, useTimeRange } from '../url-state.ts'
import { ExceptionPanel } from './exception-panel.tsx'
import { FailedTransactions } from './failed-transactions.tsx'
import '../calls/calls.css'

/** What failed: entry operations, and the exceptions that spans recorded. */
export function ErrorsPage() {
  const application = useApplication()
  const { from, to } = useTimeRange()
  const { open, setOpen } = useOpenRow()
  const answer = useApi<ErrorList>(`/applications/${encodeURIComponent(application)}/errors`, { from, to })
  const [group] = open ?? []
  return (
    <ApplicationFrame>
      <AnswerView answer={answer} height={480}>
        {(list) => <Errors application={application} list={list} />}
      </AnswerView>
      {group !== undefined && (
        <ExceptionPanel application={application} group={group} onClose={() => setOpen(undefined)} />
      )}
    </ApplicationFrame>
  )
}

function Errors({ application, list }: { readonly application: string; readonly list: ErrorList }) {
  const { show, q, only } = useSearchParams()
  const setSearch = useSetSearch()
  const navigate = useNavigate()
  const hasOnlyOperations = list.exceptions.length === 0 && list.operations.length > 0
  const shown = show ?? (hasOnlyOperations ? 'operations' : 'exceptions')
  const exceptionsShown = shown === 'exceptions'
  const rowsBehind = (range: { fromMs: number; toMs: number }) =>
    navigate({ to: '/traces', search: { ...rangeSearch(range), application, status: 'error' } })
  const operations = list.operations.filter((row) =>
    matchesText(q, [row.operation, row.service, ...row.versions]),
  )
  const matching = list.exceptions.filter((row) =>
    matchesText(q, [row.type, row.message, ...row.services, ...row.operations, ...row.versions]),
  )
  const fresh = matching.filter((row) => row.isNew)
  return (
    <>
      <div className="error-charts">
        <Card title="Failed calls" hint="entry spans of all tiers">
          <Chart chart={list.charts.errors} kind="bars" tone="bad" height={130} onPoint={rowsBehind} />
        </Card>
        <Card title="Exceptions" hint="recorded by spans, thrown on or handled">
          <Chart chart={list.charts.exceptions} kind="bars" tone="bad" height={130} onPoint={rowsBehind} />
        </Card>
      </div>
      <Card>
        <FilterBar>
          <div className="filter-facet">
            <Chip
              pressed={exceptionsShown}
              count={matching.length}
              onToggle={() => setSearch({ show: 'exceptions' })}
            >
              Exceptions
            </Chip>
            <Chip
              pressed={shown === 'transactions'}
              onToggle={() => setSearch({ show: 'transactions', only: undefined })}
            >
              Failed transactions
            </Chip>
            <Chip
              pressed={shown === 'operations'}
              count={operations.length}
              onToggle={() => setSearch({ show: 'operations', only: undefined })}
            >
              Failed operations
            </Chip>
          </div>
          <TextFilter
            label={exceptionsShown ? 'Type, message, tier or version' : 'Operation, tier or version'}
          />
          {exceptionsShown && (fresh.length > 0 || only === 'new') && (
            <Chip
              pressed={only === 'new'}
              count={fresh.length}
              onToggle={() => setSearch({ only: only === 'new' ? undefined : 'new' })}
            >
              first seen in this range
            </Chip>
          )}
        </FilterBar>
        {shown === 'transactions' ? (
          <FailedTransactions application={application} />
        ) : exceptionsShown ? (
          <Exceptions
            application={application}
            rows={only === 'new' ? fresh : matching}
            none={list.exceptions.length === 0}
          />
        ) : (
          <Operations application={application} rows={operations} none={list.operations.length === 0} />
        )}
        {list.truncated && (
          <p className="quiet">{formatPlural(list.exceptions.length, 'group')} listed; there are more.</p>
        )}
      </Card>
    </>
  )
}

interface ListProps<Row> {
  readonly application: string
  readonly rows: readonly Row[]
  /** Nothing at all, whatever the filters. */
  readonly none: boolean
}

function Exceptions({ application, rows, none }: ListProps<ExceptionRow>) {
  const { openKey, setOpen } = useOpenRow()
  if (rows.length === 0)
    return none ? (
      <EmptyState title="No span recorded an exception in this time range">
        Exceptions are span events named <code>exception</code>: SDKs add them with{' '}
        <code>span.recordException(error)</code>, and most instrumentations do so by themselves. Operations
        that failed without one stand under Failed operations.
      </EmptyState>
    ) : (
      <EmptyState title="No exception matches">Change the text or the filter.</EmptyState>
    )
  return (
    <DataTable
      rows={rows}
      rowKey={(row) => keyText([row.group])}
      selectedKey={openKey}
      onOpen={(row) => setOpen([row.group])}
      columns={[
        {
          header: 'Exception',
          width: 'min(360px, 56vw)',
          sort: (row) => row.type,
          cell: (row) => (
            <span title={`${row.type}: ${row.message}`}>
              <b>{row.type || '(no type)'}</b>
              {row.isNew && <span className="exception-new">new</span>}{' '}
              <span className="exception-message">{row.message}</span>
            </span>
          ),
        },
        {
          header: 'Rate',
          width: 90,
          numeric: true,
          sort: (row) => row.count,
          cell: (row) => (
            <TracesLink filters={{ application, exception: row.group }}>
              {formatRate(row.perMinute)}
            </TracesLink>
          ),
        },
        {
          header: 'Count',
          width: 80,
          numeric: true,
          sort: (row) => row.count,
          cell: (row) => formatCount(row.count),
        },
        { header: 'Over time', width: 110, cell: (row) => <Spark points={row.spark} /> },
        { header: 'Tiers', width: 150, cell: (row) => <Texts texts={row.services} /> },
        { header: 'Operations', width: 150, cell: (row) => <Texts texts={row.operations} /> },
        { header: 'Versions', width: 110, cell: (row) => <Texts texts={row.versions} /> },
        {
          header: 'First seen',
          width: 180,
          sort: (row) => row.firstSeenMs,
          cell: (row) => (
            <span title={formatDateTime(row.firstSeenMs)}>
              {formatAgo(row.firstSeenMs)}
              {row.firstVersion && <span className="quiet">{` in ${row.firstVersion}`}</span>}
            </span>
          ),
        },
        {
          header: 'Last seen',
          width: 110,
          sort: (row) => row.lastSeenMs,
          cell: (row) => <span title={formatDateTime(row.lastSeenMs)}>{formatAgo(row.lastSeenMs)}</span>,
        },
      ]}
    />
  )
}

function Texts({ texts }: { readonly texts: readonly string[] }) {
  const text = texts.join(', ')
  return (
    <span className="quiet" title={text}>
      {text || '–'}
    </span>
  )
}

function Operations({ application, rows, none }: ListProps<ErrorOperation>) {
  if (rows.length === 0)
    return none ? (
      <EmptyState title="No entry call failed in this time range">
        A call fails when its span has the status error: for HTTP, SDKs set it from 500 on.
      </EmptyState>
    ) : (
      <EmptyState title="No operation matches">Change the text.</EmptyState>
    )
  return (
    <DataTable
      rows={rows}
      rowKey={(row) => `${row.service}\n${row.operation}\n${row.kind}`}
      columns={[
        {
          header: 'Operation',
          width: 'min(320px, 46vw)',
          sort: (row) => row.operation,
          cell: (row) => (
            <TracesLink
              filters={{ application, service: row.service, operation: row.operation, status: 'error' }}
            >
              {row.operation}
            </TracesLink>
          ),
        },
        { header: 'Tier', width: 150, sort: (row) => row.service, cell: (row) => row.service },
        ...callColumns<ErrorOperation>((row) => ({
          application,
          service: row.service,
          operation: row.operation,
        })),
        { header: 'Errors over time', width: 120, cell: (row) => <Spark points={row.spark} /> },
        { header: 'Failing versions', width: 150, cell: (row) => <Texts texts={row.versions} /> },
      ]}
    />
  )
}
