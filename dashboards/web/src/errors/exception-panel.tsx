import type { ExceptionDetail } from '@binnacle/collector/api/errors'
import { useApi } from '../api.ts'
import { formatCount, formatDateTime, formatPlural, formatRate } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { Chart } from '../parts/chart.tsx'
import { CopyButton } from '../parts/copy-button.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { KeyValue } from '../parts/key-value.tsx'
import { SidePanel } from '../parts/side-panel.tsx'
import { PodLink, TraceLink, TracesLink } from '../traces/trace-links.tsx'
import { useTimeRange } from '../url-state.ts'

interface Props {
  readonly application: string
  readonly group: string
  readonly onClose: () => void
}

/** Everything about one group of exceptions. */
export function ExceptionPanel({ application, group, onClose }: Props) {
  const { from, to } = useTimeRange()
  const path = `/applications/${encodeURIComponent(application)}/exceptions/${encodeURIComponent(group)}`
  const answer = useApi<ExceptionDetail>(path, { from, to })
  return (
    <SidePanel title={answer.data?.type || 'Exception'} onClose={onClose}>
      <AnswerView answer={answer} height={480}>
        {(detail) => <Detail application={application} detail={detail} />}
      </AnswerView>
    </SidePanel>
  )
}

function Detail({ application, detail }: { readonly application: string; readonly detail: ExceptionDetail }) {
  const { count, perMinute, firstSeenMs, firstVersion, lastSeenMs, isNew, stack } = detail
  return (
    <>
      <KeyValue
        items={[
          [
            'In this range',
            <TracesLink key="traces" filters={{ application, exception: detail.group }}>
              {`${formatCount(count)} · ${formatRate(perMinute)}`}
            </TracesLink>,
          ],
          [
            'First seen',
            <span key="first">
              {formatDateTime(firstSeenMs)}
              {firstVersion && ` in ${firstVersion}`}
              {isNew && <span className="exception-new">new</span>}
            </span>,
          ],
          ['Last seen', formatDateTime(lastSeenMs)],
        ]}
      />
      <Chart chart={detail.chart} kind="bars" height={120} />
      {stack === '' ? (
        <p className="quiet">
          Spans recorded no stack for it: groups without one are told apart by type alone.
        </p>
      ) : (
        <>
          <h3>Stack</h3>
          <div className="exception-stack">
            <CopyButton text={stack} label="Copy the stack" />
            <pre>{stack}</pre>
          </div>
        </>
      )}
      <h3>Where</h3>
      <Parts application={application} detail={detail} />
      {detail.sightings.length > 0 && (
        <>
          <h3>Since when, by version</h3>
          <DataTable
            rows={detail.sightings}
            rowKey={(one) => `${one.service} ${one.version}`}
            columns={[
              { header: 'Tier', width: 140, cell: (one) => one.service },
              { header: 'Version', width: 110, cell: (one) => one.version || '–' },
              { header: 'First seen', width: 160, cell: (one) => formatDateTime(one.firstSeenMs) },
              { header: 'Last seen', width: 160, cell: (one) => formatDateTime(one.lastSeenMs) },
            ]}
          />
        </>
      )}
      <h3>Newest</h3>
      <Occurrences detail={detail} />
      <h3>Log records of severity ERROR</h3>
      <Logs detail={detail} />
    </>
  )
}

function Parts({ application, detail }: { readonly application: string; readonly detail: ExceptionDetail }) {
  return (
    <DataTable
      rows={detail.parts}
      rowKey={(part) => `${part.service} ${part.operation} ${part.version}`}
      columns={[
        { header: 'Tier', width: 130, sort: (part) => part.service, cell: (part) => part.service },
        {
          header: 'Operation',
          width: 190,
          sort: (part) => part.operation,
          cell: (part) => (
            <TracesLink
              filters={{
                application,
                exception: detail.group,
                service: part.service,
                operation: part.operation,
              }}
            >
              {part.operation}
            </TracesLink>
          ),
        },
        { header: 'Version', width: 90, sort: (part) => part.version, cell: (part) => part.version || '–' },
        {
          header: 'Count',
          width: 80,
          numeric: true,
          sort: (part) => part.count,
          cell: (part) => formatCount(part.count),
        },
      ]}
    />
  )
}

function Occurrences({ detail }: { readonly detail: ExceptionDetail }) {
  if (detail.occurrences.length === 0) return <p className="quiet">None in this range.</p>
  return (
    <DataTable
      rows={detail.occurrences}
      rowKey={(one) => `${one.spanId} ${one.atMs}`}
      columns={[
        {
          header: 'Time',
          width: 110,
          cell: (one) => (
            <TraceLink traceId={one.traceId} aroundMs={one.atMs} spanId={one.spanId}>
              {formatDateTime(one.atMs)}
            </TraceLink>
          ),
        },
        {
          header: 'Message',
          width: 240,
          cell: (one) => <span title={one.message}>{one.message || '–'}</span>,
        },
        {
          header: 'Pod',
          width: 180,
          cell: (one) =>
            one.pod && one.clusterId ? (
              <PodLink clusterId={one.clusterId} pod={one.pod} atMs={one.atMs}>
                {one.pod}
              </PodLink>
            ) : (
              one.pod || one.service
            ),
        },
      ]}
    />
  )
}

function Logs({ detail }: { readonly detail: ExceptionDetail }) {
  const { logs, occurrences } = detail
  if (logs.length === 0)
    return (
      <p className="quiet">
        {`None belongs to ${occurrences.length === 0 ? 'it' : `its newest ${formatPlural(occurrences.length, 'trace')}`}, and none names the same type.`}
      </p>
    )
  return (
    <ul className="exception-logs">
      {logs.map((log) => (
        <li key={`${log.timeMs} ${log.body}`}>
          <span className="quiet">{`${formatDateTime(log.timeMs)} ${log.service} ${log.severity} `}</span>
          {log.body}
          {log.traceId && (
            <>
              {' '}
              <TraceLink traceId={log.traceId} aroundMs={log.timeMs}>
                trace
              </TraceLink>
            </>
          )}
        </li>
      ))}
    </ul>
  )
}
