import type { StatementCallers, StatementDetail } from '@binnacle/collector/api/databases'
import { useApi } from '../api.ts'
import { formatCount, formatDuration } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { CopyButton } from '../parts/copy-button.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { SidePanel } from '../parts/side-panel.tsx'
import { TracesLink } from '../traces/trace-links.tsx'
import { CallingTransactions } from '../transactions/calling-transactions.tsx'
import { useTimeRange } from '../url-state.ts'
import { CallDetailView } from './call-detail.tsx'

interface Props {
  readonly application: string
  readonly of: { readonly system: string; readonly peer: string; readonly hash: string }
  readonly onClose: () => void
}

/** One statement: its text, how it does, who calls it. */
export function StatementPanel({ application, of, onClose }: Props) {
  const { from, to } = useTimeRange()
  const answer = useApi<StatementDetail>(`/applications/${encodeURIComponent(application)}/statement`, {
    from,
    to,
    ...of,
  })
  const filters = { application, statement: of.hash, ...(of.peer ? { peer: of.peer } : {}) }
  return (
    <SidePanel title={`Statement on ${of.peer || of.system}`} onClose={onClose}>
      <AnswerView answer={answer} height={480}>
        {(detail) => (
          <CallDetailView
            detail={detail}
            filters={filters}
            partsTitle="Callers"
            callers={
              <>
                <CallingTransactions
                  application={application}
                  of={{ type: 'statement', system: of.system, name: of.peer, hash: of.hash }}
                />
                <Callers application={application} of={of} />
              </>
            }
          >
            <div className="statement-text">
              <pre>{detail.statement || '(its text is not rolled up yet)'}</pre>
              <CopyButton text={detail.statement} label="Copy the statement" />
            </div>
          </CallDetailView>
        )}
      </AnswerView>
    </SidePanel>
  )
}

/** Asked for apart: only raw spans know. */
function Callers({ application, of }: Omit<Props, 'onClose'>) {
  const { from, to } = useTimeRange()
  const path = `/applications/${encodeURIComponent(application)}/statement-callers`
  const callers = useApi<StatementCallers>(path, { from, to, ...of }).data?.callers ?? []
  if (callers.length === 0) return null
  return (
    <>
      <h3>Called by operation</h3>
      <p className="quiet">Of its newest calls within the last hour of the range, 2,000 at most.</p>
      <DataTable
        rows={callers}
        rowKey={(caller) => `${caller.service} ${caller.operation}`}
        columns={[
          {
            header: 'Operation',
            width: 220,
            cell: (caller) => (
              <TracesLink
                filters={{
                  application,
                  service: caller.service,
                  ...(caller.operation ? { operation: caller.operation } : {}),
                }}
              >
                {caller.operation || '(entry not stored)'}
              </TracesLink>
            ),
          },
          { header: 'Tier', width: 120, cell: (caller) => caller.service },
          {
            header: 'Calls',
            width: 80,
            numeric: true,
            sort: (caller) => caller.calls,
            cell: (caller) => formatCount(caller.calls),
          },
          {
            header: 'Mean',
            width: 80,
            numeric: true,
            sort: (caller) => caller.meanMs,
            cell: (caller) => formatDuration(caller.meanMs),
          },
        ]}
      />
    </>
  )
}
