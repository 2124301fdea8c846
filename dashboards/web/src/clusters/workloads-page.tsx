import type { WorkloadList, WorkloadRow } from '@binnacle/collector/api/clusters'
import { useMemo } from 'react'
import { useApi } from '../api.ts'
import { formatAge, formatAgo, formatCount } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { Card } from '../parts/card.tsx'
import { type Column, DataTable } from '../parts/data-table.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { FacetChips, FilterBar } from '../parts/filter-bar.tsx'
import type { State } from '../parts/state.ts'
import { StatusBadge } from '../parts/status-badge.tsx'
import { TextFilter } from '../parts/text-filter.tsx'
import { listOf, type Search } from '../search-params.ts'
import { useSearchParams, useTimeRange } from '../url-state.ts'
import { ClusterFrame, useClusterId } from './cluster-frame.tsx'
import { ClusterLink } from './cluster-link.tsx'
import { countBy } from './count-by.ts'
import { CountLink } from './count-link.tsx'

/** Deployments, stateful sets and the rest: what should run, and what does. */
export function WorkloadsPage() {
  const clusterId = useClusterId()
  const { from, to } = useTimeRange()
  const search = useSearchParams()
  const answer = useApi<WorkloadList>(`/clusters/${encodeURIComponent(clusterId)}/workloads`, { from, to })
  const all = answer.data?.workloads ?? []
  return (
    <ClusterFrame part="Workloads">
      <FilterBar>
        <TextFilter label="Workload name" />
        <FacetChips name="status" label="Status" values={countBy(all, (row) => row.status)} />
        <FacetChips name="kind" label="Kind" values={countBy(all, (row) => row.kind)} />
        <FacetChips name="namespace" label="Namespace" values={countBy(all, (row) => row.namespace)} />
      </FilterBar>
      <AnswerView answer={answer} height={480}>
        {({ workloads }) => (
          <Workloads clusterId={clusterId} workloads={filterWorkloads(workloads, search)} />
        )}
      </AnswerView>
    </ClusterFrame>
  )
}

function filterWorkloads(rows: readonly WorkloadRow[], search: Search): readonly WorkloadRow[] {
  const among = (name: string, value: string) => {
    const chosen = listOf(search[name])
    return chosen.length === 0 || chosen.includes(value)
  }
  const text = (search['q'] ?? '').toLowerCase()
  return rows.filter(
    (row) =>
      among('status', row.status) &&
      among('kind', row.kind) &&
      among('namespace', row.namespace) &&
      row.name.toLowerCase().includes(text),
  )
}

interface Props {
  readonly clusterId: string
  readonly workloads: readonly WorkloadRow[]
}

function Workloads({ clusterId, workloads }: Props) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: ages are as of the rows
  const columns = useMemo(() => workloadColumns(clusterId, Date.now()), [clusterId, workloads])
  if (workloads.length === 0) return <EmptyState title="No workload matches">Take away a filter.</EmptyState>
  return (
    <Card>
      <DataTable
        rows={workloads}
        rowKey={(row) => `${row.kind}/${row.namespace}/${row.name}`}
        columns={columns}
      />
    </Card>
  )
}

function workloadColumns(clusterId: string, nowMs: number): readonly Column<WorkloadRow>[] {
  return [
    {
      header: 'Workload',
      width: 240,
      sort: (row) => row.name,
      cell: (row) => (
        <ClusterLink
          clusterId={clusterId}
          path="/pods"
          search={{ workload: row.name, namespace: row.namespace }}
        >
          {row.name}
        </ClusterLink>
      ),
    },
    { header: 'Kind', width: 120, sort: (row) => row.kind, cell: (row) => row.kind },
    { header: 'Namespace', width: 140, sort: (row) => row.namespace, cell: (row) => row.namespace },
    {
      header: 'Status',
      width: 140,
      sort: (row) => row.status,
      cell: (row) => <StatusBadge state={stateOf(row)}>{row.status || 'unknown'}</StatusBadge>,
    },
    {
      header: 'Ready',
      width: 96,
      numeric: true,
      sort: (row) => (row.desired === 0 ? 1 : row.ready / row.desired),
      cell: (row) => `${formatCount(row.ready)} of ${formatCount(row.desired)}`,
    },
    {
      header: 'Restarts',
      width: 96,
      numeric: true,
      hint: 'In the time range',
      sort: (row) => row.restarts,
      cell: (row) => (
        <CountLink
          clusterId={clusterId}
          count={row.restarts}
          path="/pods"
          search={{ workload: row.name, namespace: row.namespace, restarted: 'true' }}
        />
      ),
    },
    {
      header: 'Versions',
      width: 160,
      sort: (row) => row.versions.join(),
      cell: (row) => row.versions.join(', ') || '–',
    },
    {
      header: 'Last rollout',
      width: 120,
      numeric: true,
      sort: (row) => row.lastRolloutMs,
      cell: (row) =>
        row.lastRolloutMs === 0 ? (
          <span className="quiet">none seen</span>
        ) : (
          formatAgo(row.lastRolloutMs, nowMs)
        ),
    },
    {
      header: 'Age',
      width: 80,
      numeric: true,
      sort: (row) => -row.createdMs,
      cell: (row) => formatAge(nowMs - row.createdMs),
    },
  ]
}

function stateOf(row: WorkloadRow): State {
  if (row.ready < row.desired) return row.ready === 0 ? 'failed' : 'warning'
  return /complete|suspended/i.test(row.status) ? 'done' : 'ok'
}
