import type { TransactionDetail } from '@binnacle/collector/api/transactions'
import { formatCount, formatDuration, formatPercent, missing } from '../format.ts'
import { DataTable } from '../parts/data-table.tsx'
import { PodLink, TraceLink } from '../traces/trace-links.tsx'
import { SnapshotsLink } from './snapshots-link.tsx'

type Sample = TransactionDetail['sample']

interface NodesProps {
  readonly application: string
  readonly service: string
  readonly nodes: Sample['nodes']
}

/** The pods that answered, each leading to its panel. */
export function SampleNodes({ application, service, nodes }: NodesProps) {
  if (nodes.length === 0) return <p className="quiet">No call in these minutes.</p>
  return (
    <DataTable
      rows={nodes}
      rowKey={(row) => JSON.stringify([row.clusterId, row.namespace, row.pod, row.version])}
      columns={[
        {
          header: 'Pod',
          width: 'min(220px, 40vw)',
          sort: (row) => row.pod,
          cell: ({ clusterId, namespace, pod }) =>
            pod === '' || clusterId === '' ? (
              pod || 'outside of Kubernetes'
            ) : (
              <PodLink clusterId={clusterId} pod={`${namespace}/${pod}`}>
                {pod}
              </PodLink>
            ),
        },
        { header: 'Version', width: 90, sort: (row) => row.version, cell: (row) => row.version || missing },
        {
          header: 'Calls',
          width: 70,
          numeric: true,
          sort: (row) => row.calls,
          cell: (row) => formatCount(row.calls),
        },
        {
          header: 'Mean',
          width: 84,
          numeric: true,
          sort: (row) => row.meanMs ?? -1,
          cell: (row) => formatDuration(row.meanMs),
        },
        {
          header: 'p95',
          width: 84,
          numeric: true,
          sort: (row) => row.p95Ms ?? -1,
          cell: (row) => formatDuration(row.p95Ms),
        },
        {
          header: 'Errors',
          width: 90,
          numeric: true,
          sort: (row) => row.errors,
          cell: ({ errors, calls, pod }) =>
            errors === 0 ? (
              <span className="quiet">0</span>
            ) : (
              <SnapshotsLink
                application={application}
                filters={{ tier: service, pod, reason: 'error' }}
                className="errors"
              >
                {`✕ ${formatPercent(errors / calls)}`}
              </SnapshotsLink>
            ),
        },
      ]}
    />
  )
}

interface ErrorsProps {
  readonly errors: Sample['errors']
  /** A time near the traces. */
  readonly aroundMs: number
}

/** What failed within the calls, also where the call itself succeeded. */
export function SampleErrors({ errors, aroundMs }: ErrorsProps) {
  return (
    <DataTable
      rows={errors}
      rowKey={(row) => `${row.service}\n${row.type}`}
      columns={[
        { header: 'Tier', width: 160, sort: (row) => row.service, cell: (row) => row.service },
        { header: 'Failure', width: 320, sort: (row) => row.type, cell: (row) => row.type },
        {
          header: 'Spans',
          width: 90,
          numeric: true,
          sort: (row) => row.count,
          cell: (row) => formatCount(row.count),
        },
        {
          header: 'Example',
          width: 120,
          cell: (row) => (
            <TraceLink traceId={row.traceId} aroundMs={aroundMs}>
              a trace
            </TraceLink>
          ),
        },
      ]}
    />
  )
}
