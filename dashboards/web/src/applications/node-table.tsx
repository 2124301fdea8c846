import type { TierNode } from '@binnacle/collector/api/tiers'
import { formatAge, formatAgo, formatBytes, formatCount, formatCpu, missing } from '../format.ts'
import { MaybeClassBar } from '../parts/class-bar.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { Spark } from '../parts/spark.tsx'
import { StatusBadge } from '../parts/status-badge.tsx'
import { UsageBar } from '../parts/usage-bar.tsx'
import { PodLink } from '../traces/trace-links.tsx'
import { redColumns } from './red-columns.tsx'
import { useClasses } from './use-classes.ts'

type Row = TierNode & { readonly service: string }

/** What each node served, and what Kubernetes says of its pod. */
export function NodeTable({
  application,
  nodes,
}: {
  readonly application: string
  readonly nodes: readonly Row[]
}) {
  const classesOf = useClasses(application, 'node')
  const clusters = new Set(nodes.map((node) => node.clusterId)).size
  return (
    <DataTable
      rows={nodes}
      rowKey={(row) => JSON.stringify([row.service, row.clusterId, row.namespace, row.pod])}
      columns={[
        {
          header: 'Node',
          width: 'min(240px, 40vw)',
          sort: (row) => row.pod,
          cell: (row) => <NodeName row={row} />,
        },
        { header: 'Tier', width: 120, sort: (row) => row.service, cell: (row) => row.service },
        {
          header: 'State',
          width: 130,
          sort: (row) => row.state?.status ?? '',
          cell: (row) => <State row={row} />,
        },
        {
          header: 'Restarts',
          width: 80,
          numeric: true,
          hint: 'Ever, and in the time range',
          sort: (row) => row.state?.restarts ?? -1,
          cell: ({ state }) => <Restarts state={state} />,
        },
        ...redColumns<Row>((row) => ({
          application,
          service: row.service,
          ...(row.pod ? { pod: row.pod } : {}),
        })),
        {
          header: 'Classes',
          width: 100,
          hint: 'Calls that were normal, slow, very slow, stalled, failed',
          cell: (row) => <MaybeClassBar classes={classesOf(row)} />,
        },
        { header: 'Calls over time', width: 100, cell: (row) => <Spark points={row.spark} /> },
        {
          header: 'Version',
          width: 90,
          sort: (row) => row.versions.join(),
          cell: (row) => row.versions.join(', ') || missing,
        },
        {
          header: 'CPU',
          width: 150,
          numeric: true,
          hint: 'Used; the grey tick is the request, the red one the limit',
          sort: (row) => row.state?.cpuUsedMillicores ?? -1,
          cell: ({ state }) =>
            state && (
              <UsageBar
                used={state.cpuUsedMillicores}
                request={state.cpuRequestMillicores}
                limit={state.cpuLimitMillicores}
                format={formatCpu}
              />
            ),
        },
        {
          header: 'Memory',
          width: 150,
          numeric: true,
          hint: 'Used; the grey tick is the request, the red one the limit',
          sort: (row) => row.state?.memoryUsedBytes ?? -1,
          cell: ({ state }) =>
            state && (
              <UsageBar
                used={state.memoryUsedBytes}
                request={state.memoryRequestBytes}
                limit={state.memoryLimitBytes}
                format={formatBytes}
              />
            ),
        },
        {
          header: 'Age',
          width: 70,
          numeric: true,
          sort: (row) => -(row.state?.createdMs ?? 0),
          cell: ({ state }) => (state ? formatAge(Date.now() - state.createdMs) : missing),
        },
        {
          header: 'Runs on',
          width: 100,
          sort: (row) => row.state?.node ?? '',
          cell: ({ state }) => state?.node || missing,
        },
        {
          header: 'Last call',
          width: 90,
          sort: (row) => row.lastSeenMs,
          cell: (row) => formatAgo(row.lastSeenMs),
        },
        ...(clusters > 1
          ? [
              {
                header: 'Cluster',
                width: 100,
                sort: (row: Row) => row.clusterId,
                cell: (row: Row) => row.clusterId,
              },
            ]
          : []),
      ]}
    />
  )
}

function NodeName({ row }: { readonly row: Row }) {
  if (row.pod === '') return <span title="Its spans name no pod">{row.service}, outside of Kubernetes</span>
  if (!row.state) return <span title="No agent told of this pod">{row.pod}</span>
  return (
    <PodLink clusterId={row.clusterId} pod={row.state.uid} atMs={row.lastSeenMs}>
      <span title={row.pod}>{row.pod}</span>
    </PodLink>
  )
}

function State({ row: { state } }: { readonly row: Row }) {
  if (!state) return <span className="quiet">{missing}</span>
  return (
    <StatusBadge state={state.deleted ? 'done' : state.health}>
      {state.deleted ? 'gone' : state.status}
    </StatusBadge>
  )
}

function Restarts({ state }: { readonly state: Row['state'] }) {
  if (!state) return <>{missing}</>
  if (state.restarts === 0) return <span className="quiet">0</span>
  return (
    <>
      {formatCount(state.restarts)}
      {state.restartsInRange > 0 && <span className="errors"> +{formatCount(state.restartsInRange)}</span>}
    </>
  )
}
