import type { DatabaseList, DatabaseRow, StatementRow } from '@binnacle/collector/api/databases'
import { useApi } from '../api.ts'
import { ApplicationFrame, useApplication } from '../applications/application-page.tsx'
import { callColumns } from '../applications/red-columns.tsx'
import { formatCount, formatPlural } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { Card } from '../parts/card.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { FilterBar } from '../parts/filter-bar.tsx'
import { Spark } from '../parts/spark.tsx'
import { TextFilter } from '../parts/text-filter.tsx'
import type { TraceFilters } from '../traces/trace-filters.ts'
import { TraceLink } from '../traces/trace-links.tsx'
import { useSearchParams, useSetSearch, useTimeRange } from '../url-state.ts'
import { BackendIcon } from './backend-icon.tsx'
import { Callers } from './callers.tsx'
import { keyText, matchesText, useOpenRow } from './open-row.ts'
import { StatementPanel } from './statement-panel.tsx'
import { TimeShare } from './time-share.tsx'
import './calls.css'

/** Databases and caches that the application calls, and by which statements. */
export function DatabasesPage() {
  const application = useApplication()
  const { from, to } = useTimeRange()
  const { open, setOpen } = useOpenRow()
  const answer = useApi<DatabaseList>(`/applications/${encodeURIComponent(application)}/databases`, {
    from,
    to,
  })
  const [system, peer, hash] = open ?? []
  return (
    <ApplicationFrame>
      <AnswerView answer={answer} height={480}>
        {(list) =>
          list.databases.length === 0 ? (
            <EmptyState title="No database was called in this time range">
              Client spans with <code>db.system.name</code> (or <code>db.system</code>) show up here; the
              OpenTelemetry instrumentations of database drivers set it. Choose a longer time range, or see
              what is called at all under Remote services.
            </EmptyState>
          ) : (
            <Lists application={application} list={list} />
          )
        }
      </AnswerView>
      {system !== undefined && peer !== undefined && hash !== undefined && (
        <StatementPanel
          application={application}
          of={{ system, peer, hash }}
          onClose={() => setOpen(undefined)}
        />
      )}
    </ApplicationFrame>
  )
}

interface ListsProps {
  readonly application: string
  readonly list: DatabaseList
}

const databaseKey = ({ system, peer }: Pick<DatabaseRow, 'system' | 'peer'>) => keyText([system, peer])

function Lists({ application, list }: ListsProps) {
  const { q, database } = useSearchParams()
  const setSearch = useSetSearch()
  const chosen = list.databases.find((row) => databaseKey(row) === database)
  const statements = list.statements.filter(
    (row) =>
      (chosen === undefined || databaseKey(row) === database) &&
      matchesText(q, [row.statement, row.peer, row.system, ...row.services]),
  )
  return (
    <>
      <Card title="Databases" hint="a row shows its statements below">
        <Databases
          application={application}
          rows={list.databases}
          chosen={chosen && databaseKey(chosen)}
          onChoose={(key) => setSearch({ database: key === database ? undefined : key })}
        />
      </Card>
      <Card
        title={chosen ? `Statements of ${chosen.peer || chosen.system}` : 'Statements'}
        hint={`${formatPlural(statements.length, 'statement')}, without their literals; those that take the most time first${list.truncated ? '; there are more' : ''}`}
        actions={
          chosen && (
            <button type="button" className="button" onClick={() => setSearch({ database: undefined })}>
              All databases
            </button>
          )
        }
      >
        <FilterBar>
          <TextFilter label="Statement, database or tier" />
        </FilterBar>
        {statements.length === 0 ? (
          <EmptyState title="No statement matches">Change the text, or look at all databases.</EmptyState>
        ) : (
          <Statements application={application} rows={statements} />
        )}
      </Card>
    </>
  )
}

interface DatabasesProps {
  readonly application: string
  readonly rows: readonly DatabaseRow[]
  readonly chosen: string | undefined
  readonly onChoose: (key: string) => void
}

function Databases({ application, rows, chosen, onChoose }: DatabasesProps) {
  const filtersOf = (row: DatabaseRow): TraceFilters =>
    row.peer === ''
      ? { application, attributes: `db.system.name=${row.system}` }
      : { application, peer: row.peer }
  return (
    <DataTable
      rows={rows}
      rowKey={databaseKey}
      selectedKey={chosen}
      onOpen={(row) => onChoose(databaseKey(row))}
      columns={[
        {
          header: 'Database',
          width: 'min(300px, 42vw)',
          sort: (row) => row.peer || row.system,
          cell: (row) => (
            <>
              <BackendIcon kind={row.cache ? 'cache' : 'database'} />
              {row.peer || row.system} <span className="quiet">{row.peer && row.system}</span>
            </>
          ),
        },
        ...callColumns(filtersOf),
        {
          header: 'Time',
          hint: 'of the time that the application spends in databases',
          width: 120,
          numeric: true,
          sort: (row) => row.timeShare,
          cell: (row) => <TimeShare share={row.timeShare} />,
        },
        {
          header: 'Statements',
          width: 90,
          numeric: true,
          sort: (row) => row.statements,
          cell: (row) => formatCount(row.statements),
        },
        { header: 'Callers', width: 160, cell: (row) => <Callers callers={row.callers} /> },
        { header: 'Calls over time', width: 110, cell: (row) => <Spark points={row.spark} /> },
      ]}
    />
  )
}

function Statements({
  application,
  rows,
}: {
  readonly application: string
  readonly rows: readonly StatementRow[]
}) {
  const { openKey, setOpen } = useOpenRow()
  const keyOf = (row: StatementRow) => [row.system, row.peer, row.hash]
  const filtersOf = (row: StatementRow): TraceFilters => ({
    application,
    statement: row.hash,
    ...(row.peer ? { peer: row.peer } : {}),
  })
  return (
    <DataTable
      rows={rows}
      rowKey={(row) => keyText(keyOf(row))}
      selectedKey={openKey}
      onOpen={(row) => setOpen(keyOf(row))}
      columns={[
        {
          header: 'Statement',
          width: 'min(440px, 52vw)',
          sort: (row) => row.statement,
          cell: (row) => (
            <span className="statement" title={row.statement}>
              {row.statement || '(text not kept any more)'}
            </span>
          ),
        },
        ...callColumns(filtersOf),
        {
          header: 'Time',
          hint: 'of the time that the application spends in databases',
          width: 120,
          numeric: true,
          sort: (row) => row.timeShare,
          cell: (row) => <TimeShare share={row.timeShare} />,
        },
        {
          header: 'Database',
          width: 190,
          sort: (row) => row.peer || row.system,
          cell: (row) => <span title={`${row.system} ${row.peer}`}>{row.peer || row.system}</span>,
        },
        { header: 'Callers', width: 150, cell: (row) => row.services.join(', ') },
        {
          header: 'Slowest',
          width: 80,
          cell: (row) => (
            <TraceLink traceId={row.sampleTraceId} aroundMs={row.sampleAtMs}>
              trace
            </TraceLink>
          ),
        },
      ]}
    />
  )
}
