import type { PodRow } from '@binnacle/collector/api/clusters'
import { useMemo } from 'react'
import { formatAge, formatAgo, formatBytes, formatCount, formatCpu } from '../format.ts'
import { type Column, DataTable } from '../parts/data-table.tsx'
import { StatusBadge } from '../parts/status-badge.tsx'
import { UsageBar } from '../parts/usage-bar.tsx'
import { PodStatus } from './pod-status.tsx'

const healthOrder = ['failed', 'pending', 'warning', 'ok', 'done']

interface Props {
  readonly pods: readonly PodRow[]
  readonly selected: string | undefined
  readonly onOpen: (uid: string) => void
}

export function PodTable({ pods, selected, onOpen }: Props) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: ages are as of the rows
  const columns = useMemo(() => podColumns(Date.now()), [pods])
  return (
    <DataTable
      rows={pods}
      rowKey={(pod) => pod.uid}
      columns={columns}
      selectedKey={selected}
      onOpen={(pod) => onOpen(pod.uid)}
    />
  )
}

function podColumns(nowMs: number): readonly Column<PodRow>[] {
  return [
    {
      header: 'Pod',
      width: 200,
      sort: (pod) => pod.name,
      cell: (pod) => <PodName pod={pod} />,
    },
    {
      header: 'Status',
      width: 176,
      sort: (pod) => `${healthOrder.indexOf(pod.health)}${pod.status}`,
      cell: (pod) => <PodStatus pod={pod} />,
    },
    {
      header: 'Ready',
      numeric: true,
      width: 56,
      sort: (pod) => (pod.containers === 0 ? 0 : pod.ready / pod.containers),
      cell: (pod) => `${pod.ready}/${pod.containers}`,
    },
    {
      header: 'Restarts',
      numeric: true,
      width: 76,
      hint: 'Ever, and in the time range',
      sort: (pod) => pod.restartsInRange * 1e6 + pod.restarts,
      cell: (pod) => <Restarts pod={pod} />,
    },
    {
      header: 'Age',
      numeric: true,
      width: 72,
      sort: (pod) => -pod.createdMs,
      cell: (pod) => formatAge(nowMs - pod.createdMs),
    },
    {
      header: 'CPU',
      numeric: true,
      width: 156,
      hint: 'Used; the grey tick is the request, the red one the limit',
      sort: (pod) => pod.cpuUsedMillicores ?? -1,
      cell: (pod) => (
        <UsageBar
          used={pod.cpuUsedMillicores}
          request={pod.cpuRequestMillicores}
          limit={pod.cpuLimitMillicores}
          format={formatCpu}
        />
      ),
    },
    {
      header: 'Memory',
      numeric: true,
      width: 152,
      hint: 'Used; the grey tick is the request, the red one the limit',
      sort: (pod) => pod.memoryUsedBytes ?? -1,
      cell: (pod) => (
        <UsageBar
          used={pod.memoryUsedBytes}
          request={pod.memoryRequestBytes}
          limit={pod.memoryLimitBytes}
          format={formatBytes}
        />
      ),
    },
    { header: 'Namespace', width: 84, sort: (pod) => pod.namespace, cell: (pod) => pod.namespace },
    { header: 'Workload', width: 104, sort: (pod) => pod.workload, cell: (pod) => pod.workload || '–' },
    { header: 'Node', width: 72, sort: (pod) => pod.node, cell: (pod) => pod.node || '–' },
    { header: 'Version', width: 72, sort: (pod) => pod.version, cell: (pod) => pod.version || '–' },
    {
      header: 'Last event',
      width: 180,
      sort: (pod) => -(pod.lastEvent?.timeMs ?? 0),
      cell: (pod) => <LastEvent pod={pod} nowMs={nowMs} />,
    },
  ]
}

function PodName({ pod }: { readonly pod: PodRow }) {
  return (
    <span title={pod.name}>
      {pod.name}
      {pod.traced && (
        <span className="traced" role="img" aria-label="traced" title="Has sent spans in the time range">
          ●
        </span>
      )}
    </span>
  )
}

function Restarts({ pod }: { readonly pod: PodRow }) {
  if (pod.restarts === 0) return <span className="quiet">0</span>
  return (
    <>
      {formatCount(pod.restarts)}
      {pod.restartsInRange > 0 && <span className="errors"> +{formatCount(pod.restartsInRange)}</span>}
    </>
  )
}

function LastEvent({ pod: { lastEvent }, nowMs }: { readonly pod: PodRow; readonly nowMs: number }) {
  if (lastEvent === null) return <span className="quiet">–</span>
  return (
    <>
      <StatusBadge state={lastEvent.severity}>{lastEvent.reason}</StatusBadge>{' '}
      <span className="quiet">{formatAgo(lastEvent.timeMs, nowMs)}</span>
    </>
  )
}
