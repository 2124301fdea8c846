import type { WorkloadList, WorkloadRow } from '@binnacle/collector/api/clusters'
import { useMemo } from 'react'
import { useApi } from '../api.ts'
import { formatAge, formatAgo, formatBytes, formatCount, formatCpu, formatPlural } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { Card } from '../parts/card.tsx'
import { type Column, DataTable } from '../parts/data-table.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { FacetChips, FilterBar } from '../parts/filter-bar.tsx'
import { StatusBadge } from '../parts/status-badge.tsx'
import { TextFilter } from '../parts/text-filter.tsx'
import { UsageBar } from '../parts/usage-bar.tsx'
import { listOf, type Search } from '../search-params.ts'
import { useSearchParams, useSetSearch, useTimeRange } from '../url-state.ts'
import { ClusterFrame, useClusterId } from './cluster-frame.tsx'
import { ClusterLink } from './cluster-link.tsx'
import { countBy } from './count-by.ts'
import { CountLink } from './count-link.tsx'
import { FindingChips } from './finding-chips.tsx'
import { objectKeyText } from './object-key.ts'
import { OpenObject } from './object-panel.tsx'

/** Deployments, stateful sets and the rest: what should run, and what does; those in trouble first. */
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
        <FindingChips />
        <FacetChips name="health" label="Health" values={countBy(all, (row) => row.health)} menu={false} />
        <FacetChips name="status" label="Status" values={countBy(all, (row) => row.status)} menu />
        <FacetChips name="kind" label="Kind" values={countBy(all, (row) => row.kind)} />
        <FacetChips name="namespace" label="Namespace" values={countBy(all, (row) => row.namespace)} />
      </FilterBar>
      <AnswerView answer={answer} height={480}>
        {({ workloads }) => (
          <Workloads clusterId={clusterId} workloads={filterWorkloads(workloads, search)} />
        )}
      </AnswerView>
      <OpenObject clusterId={clusterId} />
    </ClusterFrame>
  )
}

function filterWorkloads(rows: readonly WorkloadRow[], search: Search): readonly WorkloadRow[] {
  const among = (name: string, ...values: readonly string[]) => {
    const chosen = listOf(search[name])
    return chosen.length === 0 || values.some((value) => chosen.includes(value))
  }
  const text = (search['q'] ?? '').toLowerCase()
  return rows.filter(
    (row) =>
      among('health', row.health) &&
      among('status', row.status) &&
      among('finding', ...row.findings) &&
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
  const { open } = useSearchParams()
  const set = useSetSearch()
  if (workloads.length === 0) return <EmptyState title="No workload matches">Take away a filter.</EmptyState>
  return (
    <Card title={formatPlural(workloads.length, 'workload')}>
      <DataTable
        rows={workloads}
        rowKey={objectKeyText}
        columns={columns}
        selectedKey={open}
        onOpen={(row) => set({ open: objectKeyText(row) }, { replace: open !== undefined })}
      />
    </Card>
  )
}

const healthOrder = ['failed', 'warning', 'ok', 'done']

function workloadColumns(clusterId: string, nowMs: number): readonly Column<WorkloadRow>[] {
  return [
    {
      header: 'Workload',
      width: 152,
      sort: (row) => row.name,
      cell: (row) => <b title={row.name}>{row.name}</b>,
    },
    { header: 'Kind', width: 100, sort: (row) => row.kind, cell: (row) => row.kind },
    { header: 'Namespace', width: 84, sort: (row) => row.namespace, cell: (row) => row.namespace },
    {
      header: 'Status',
      width: 108,
      sort: (row) => `${healthOrder.indexOf(row.health)}${row.status}`,
      cell: (row) => <StatusBadge state={row.health}>{row.status || 'unknown'}</StatusBadge>,
    },
    {
      header: 'Ready',
      width: 64,
      numeric: true,
      hint: 'Of a job: its completions. Leads to its pods',
      sort: (row) => (row.desired === 0 ? 1 : row.ready / row.desired),
      cell: (row) => <Ready clusterId={clusterId} row={row} />,
    },
    {
      header: 'Restarts',
      width: 68,
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
      header: 'Findings',
      width: 68,
      numeric: true,
      hint: 'Of the workload, its pods and its autoscaler',
      sort: (row) => row.findings.length,
      cell: (row) =>
        row.findings.length === 0 ? (
          <span className="quiet">0</span>
        ) : (
          <span title={row.findings.map((one) => one.replaceAll('-', ' ')).join('\n')}>
            {formatCount(row.findings.length)}
          </span>
        ),
    },
    {
      header: 'CPU',
      width: 148,
      numeric: true,
      hint: 'Used by its pods; the grey tick is what they request, the red one their limit',
      sort: (row) => row.cpuUsedMillicores ?? -1,
      cell: (row) => (
        <UsageBar
          used={row.cpuUsedMillicores}
          request={row.cpuRequestMillicores}
          limit={row.cpuLimitMillicores}
          format={formatCpu}
        />
      ),
    },
    {
      header: 'Memory',
      width: 144,
      numeric: true,
      hint: 'Used by its pods; the grey tick is what they request, the red one their limit',
      sort: (row) => row.memoryUsedBytes ?? -1,
      cell: (row) => (
        <UsageBar
          used={row.memoryUsedBytes}
          request={row.memoryRequestBytes}
          limit={row.memoryLimitBytes}
          format={formatBytes}
        />
      ),
    },
    {
      header: 'Autoscaler',
      width: 96,
      numeric: true,
      hint: 'Replicas now (least to most)',
      sort: (row) => row.replicas,
      cell: (row) =>
        row.replicasMax === 0 ? (
          <span className="quiet">–</span>
        ) : (
          <span className={row.replicas >= row.replicasMax ? 'warns' : undefined}>
            {`${formatCount(row.replicas)} (${formatCount(row.replicasMin)} to ${formatCount(row.replicasMax)})`}
          </span>
        ),
    },
    {
      header: 'Version',
      width: 72,
      sort: (row) => row.versions.join(),
      cell: (row) => <span title={row.versions.join(', ')}>{row.versions.join(', ') || '–'}</span>,
    },
    {
      header: 'Images',
      width: 120,
      sort: (row) => row.images,
      cell: (row) => <span title={row.images}>{shortImages(row.images) || '–'}</span>,
    },
    {
      header: 'Last rollout',
      width: 88,
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
      width: 60,
      numeric: true,
      sort: (row) => -row.createdMs,
      cell: (row) => formatAge(nowMs - row.createdMs),
    },
  ]
}

function Ready({ clusterId, row }: { readonly clusterId: string; readonly row: WorkloadRow }) {
  const text =
    row.kind === 'CronJob'
      ? formatPlural(row.pods, 'pod')
      : `${formatCount(row.ready)} of ${formatCount(row.desired)}`
  if (row.pods === 0) return text
  return (
    <ClusterLink clusterId={clusterId} path="/pods" search={{ workload: row.name, namespace: row.namespace }}>
      {text}
    </ClusterLink>
  )
}

/** Without registry and path: the name and tag tell them apart. */
function shortImages(images: string): string {
  return images
    .split(', ')
    .map((image) => image.replace(/^.*\//, ''))
    .join(', ')
}
