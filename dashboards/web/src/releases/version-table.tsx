import type { ReleaseVersion } from '@binnacle/collector/api/releases'
import { useApplication } from '../applications/application-page.tsx'
import { formatAgo, formatCount, formatDateTime, formatPercent } from '../format.ts'
import { DataTable } from '../parts/data-table.tsx'
import { TracesLink } from '../traces/trace-links.tsx'
import { versionName } from './outcome.ts'

interface Props {
  readonly service: string
  readonly versions: readonly ReleaseVersion[]
}

/** The versions of one tier, the newest first; calls and errors lead to their traces. */
export function VersionTable({ service, versions }: Props) {
  const application = useApplication()
  return (
    <DataTable
      rows={versions}
      rowKey={(row) => row.version}
      columns={[
        {
          header: 'Version',
          width: 'min(180px, 40vw)',
          cell: (row) => <b title={row.version}>{versionName(row.version)}</b>,
        },
        {
          header: 'Share of calls',
          sort: (row) => row.share,
          cell: (row) => <Share row={row} />,
        },
        {
          header: 'Calls',
          numeric: true,
          sort: (row) => row.calls,
          cell: (row) => (
            <TracesLink filters={{ application, service, version: row.version }}>
              {formatCount(row.calls)}
            </TracesLink>
          ),
        },
        {
          header: 'Errors',
          numeric: true,
          sort: (row) => row.errors / Math.max(row.calls, 1),
          cell: (row) =>
            row.errors === 0 ? (
              <span className="quiet">0</span>
            ) : (
              <TracesLink
                filters={{ application, service, version: row.version, status: 'error' }}
                className="errors"
              >
                {`✕ ${formatPercent(row.errors / Math.max(row.calls, 1))}`}
              </TracesLink>
            ),
        },
        { header: 'Pods', numeric: true, sort: (row) => row.pods, cell: (row) => formatCount(row.pods) },
        {
          header: 'First seen',
          numeric: true,
          sort: (row) => row.firstSeenMs,
          cell: (row) => <span title={formatDateTime(row.firstSeenMs)}>{formatAgo(row.firstSeenMs)}</span>,
        },
        {
          header: 'Last seen',
          numeric: true,
          sort: (row) => row.lastSeenMs,
          cell: (row) => <span title={formatDateTime(row.lastSeenMs)}>{formatAgo(row.lastSeenMs)}</span>,
        },
      ]}
    />
  )
}

function Share({ row }: { readonly row: ReleaseVersion }) {
  const intended = row.canaryWeight === null ? undefined : row.canaryWeight / 100
  const text = `${formatPercent(row.share)}${intended === undefined ? '' : `, intended ${formatPercent(intended)}`}`
  return (
    <span className="version-share">
      <span className="release-bar" role="img" aria-label={text} title={text}>
        <i style={{ width: `${row.share * 100}%` }} />
        {intended !== undefined && <b style={{ left: `${intended * 100}%` }} />}
      </span>
      <span>
        {formatPercent(row.share)}
        {intended !== undefined && <span className="quiet">{` of ${formatPercent(intended)}`}</span>}
      </span>
    </span>
  )
}
