import type { BackendList, BackendRow } from '@binnacle/collector/api/backends'
import type { CallDetail } from '@binnacle/collector/api/calls'
import { useApi } from '../api.ts'
import { ApplicationFrame, useApplication } from '../applications/application-page.tsx'
import { callColumns } from '../applications/red-columns.tsx'
import { formatPlural } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { Card } from '../parts/card.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { FacetChips, FilterBar } from '../parts/filter-bar.tsx'
import { SidePanel } from '../parts/side-panel.tsx'
import { Spark } from '../parts/spark.tsx'
import { TextFilter } from '../parts/text-filter.tsx'
import { listOf } from '../search-params.ts'
import { CallingTransactions } from '../transactions/calling-transactions.tsx'
import { useSearchParams, useTimeRange } from '../url-state.ts'
import { BackendIcon } from './backend-icon.tsx'
import { CallDetailView } from './call-detail.tsx'
import { backendFilters } from './call-filters.ts'
import { Callers } from './callers.tsx'
import { keyText, matchesText, useOpenRow } from './open-row.ts'
import './calls.css'

/** What the application calls that sends no spans of its own. */
export function BackendsPage() {
  const application = useApplication()
  const { from, to } = useTimeRange()
  const { open, setOpen } = useOpenRow()
  const answer = useApi<BackendList>(`/applications/${encodeURIComponent(application)}/backends`, {
    from,
    to,
  })
  const [type, system, name] = open ?? []
  return (
    <ApplicationFrame>
      <AnswerView answer={answer} height={480}>
        {({ backends, truncated }) =>
          backends.length === 0 ? (
            <EmptyState title="No remote service was called in this time range">
              Client and producer spans whose callee sends no spans show up here: HTTP and RPC hosts,
              databases, caches, cloud services; and every queue. What is itself a tier stands on the flow
              map. Choose a longer time range.
            </EmptyState>
          ) : (
            <Backends application={application} backends={backends} truncated={truncated} />
          )
        }
      </AnswerView>
      {type !== undefined && system !== undefined && name !== undefined && (
        <BackendPanel
          application={application}
          of={{ type: type as BackendRow['type'], system, name }}
          onClose={() => setOpen(undefined)}
        />
      )}
    </ApplicationFrame>
  )
}

interface BackendsProps {
  readonly application: string
  readonly backends: readonly BackendRow[]
  readonly truncated: boolean
}

const keyOf = ({ type, system, name }: BackendRow) => [type, system, name]

function Backends({ application, backends, truncated }: BackendsProps) {
  const { q, kind } = useSearchParams()
  const { openKey, setOpen } = useOpenRow()
  const kinds = listOf(kind)
  const matching = backends.filter((row) =>
    matchesText(q, [
      row.name,
      row.system,
      ...[...row.callers, ...row.consumers].map(({ service }) => service),
    ]),
  )
  const shown = matching.filter((row) => kinds.length === 0 || kinds.includes(row.kind))
  const facets = [...Map.groupBy(matching, (row) => row.kind)].map(([value, rows]) => ({
    value: value as string,
    count: rows.length,
  }))
  return (
    <Card
      title="Remote services"
      hint={`${formatPlural(shown.length, 'service')}; those that take the most time first${truncated ? '; there are more' : ''}`}
    >
      <FilterBar>
        <TextFilter label="Name, system or tier" />
        <FacetChips name="kind" label="Kind" values={facets} />
      </FilterBar>
      {shown.length === 0 ? (
        <EmptyState title="No remote service matches">Change the text or the kinds.</EmptyState>
      ) : (
        <DataTable
          rows={shown}
          rowKey={(row) => keyText(keyOf(row))}
          selectedKey={openKey}
          onOpen={(row) => setOpen(keyOf(row))}
          columns={[
            {
              header: 'Service',
              width: 'min(340px, 46vw)',
              sort: (row) => row.name,
              cell: (row) => (
                <span title={row.name}>
                  <BackendIcon kind={row.kind} />
                  {row.name || row.system || 'unknown'}
                </span>
              ),
            },
            {
              header: 'System',
              width: 110,
              sort: (row) => row.system || row.kind,
              cell: (row) => row.system || row.kind,
            },
            ...callColumns<BackendRow>((row) => backendFilters(application, row)),
            {
              header: 'Callers',
              hint: 'of a queue: who puts messages into it → who takes them',
              width: 210,
              cell: (row) => (
                <>
                  <Callers callers={row.callers} />
                  {row.consumers.length > 0 && (
                    <>
                      {' → '}
                      <Callers callers={row.consumers} />
                    </>
                  )}
                </>
              ),
            },
            { header: 'Calls over time', width: 110, cell: (row) => <Spark points={row.spark} /> },
          ]}
        />
      )}
    </Card>
  )
}

interface PanelProps {
  readonly application: string
  readonly of: Pick<BackendRow, 'type' | 'system' | 'name'>
  readonly onClose: () => void
}

function BackendPanel({ application, of, onClose }: PanelProps) {
  const { from, to } = useTimeRange()
  const answer = useApi<CallDetail>(`/applications/${encodeURIComponent(application)}/backend`, {
    from,
    to,
    ...of,
  })
  return (
    <SidePanel title={of.name || of.system || 'Remote service'} onClose={onClose}>
      <AnswerView answer={answer} height={480}>
        {(detail) => (
          <CallDetailView
            detail={detail}
            filters={backendFilters(application, of)}
            partsTitle="Callers"
            callers={<CallingTransactions application={application} of={of} />}
          >
            <p className="quiet">
              {[
                of.system,
                of.type === 'external' ? 'sends no spans: times are those of its callers' : of.type,
              ]
                .filter(Boolean)
                .join(' · ')}
            </p>
          </CallDetailView>
        )}
      </AnswerView>
    </SidePanel>
  )
}
