import type { NodeList, NodeRow } from '@binnacle/collector/api/objects'
import { useMemo } from 'react'
import { useApi } from '../api.ts'
import { formatAge, formatBytes, formatCount, formatCpu, formatPlural } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { Card } from '../parts/card.tsx'
import { type Column, DataTable } from '../parts/data-table.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { FacetChips, FilterBar } from '../parts/filter-bar.tsx'
import { StatusBadge } from '../parts/status-badge.tsx'
import { TextFilter } from '../parts/text-filter.tsx'
import { listOf, type Search } from '../search-params.ts'
import { useSearchParams, useSetSearch, useTimeRange } from '../url-state.ts'
import { CapacityCell } from './capacity-cell.tsx'
import { ClusterFrame, useClusterId } from './cluster-frame.tsx'
import { ClusterLink } from './cluster-link.tsx'
import { TroubledConditions } from './conditions.tsx'
import { countBy } from './count-by.ts'
import { FindingChips } from './finding-chips.tsx'
import { objectKeyText } from './object-key.ts'
import { OpenObject } from './object-panel.tsx'

/** What the cluster runs on: not ready and cordoned nodes first. */
export function NodesPage() {
  const clusterId = useClusterId()
  const { from, to } = useTimeRange()
  const search = useSearchParams()
  const answer = useApi<NodeList>(`/clusters/${encodeURIComponent(clusterId)}/nodes`, { from, to })
  const all = answer.data?.nodes ?? []
  return (
    <ClusterFrame part="Nodes">
      <FilterBar>
        <TextFilter label="Node name" />
        <FindingChips />
        <FacetChips name="status" label="Status" values={countBy(all, (node) => node.status)} />
        <FacetChips name="role" label="Role" values={countBy(all, roleOf)} />
        <FacetChips name="zone" label="Zone" values={countBy(all, (node) => node.zone)} menu />
        <FacetChips name="version" label="Version" values={countBy(all, (node) => node.version)} menu />
      </FilterBar>
      <AnswerView answer={answer} height={480}>
        {({ nodes }) =>
          nodes.length === 0 ? (
            <NoNodeYet />
          ) : (
            <Nodes clusterId={clusterId} nodes={filterNodes(nodes, search)} />
          )
        }
      </AnswerView>
      <OpenObject clusterId={clusterId} />
    </ClusterFrame>
  )
}

function NoNodeYet() {
  return (
    <EmptyState title="No node is visible">
      <p>
        The agent may not list nodes, or it was told not to. Set <code>watch.nodes: on</code> and{' '}
        <code>watch.mode: cluster</code> in its values: the chart then grants get, list and watch of nodes,
        and nothing more. Pods, workloads and events need none of it.
      </p>
    </EmptyState>
  )
}

/** A role that is not the control plane's is a worker's. */
function roleOf({ roles }: NodeRow): string {
  return roles.some((role) => role === 'control-plane' || role === 'master') ? 'control-plane' : 'worker'
}

function filterNodes(nodes: readonly NodeRow[], search: Search): readonly NodeRow[] {
  const among = (name: string, ...values: string[]) => {
    const chosen = listOf(search[name])
    return chosen.length === 0 || values.some((value) => chosen.includes(value))
  }
  const text = (search['q'] ?? '').toLowerCase()
  return nodes.filter(
    (node) =>
      node.name.toLowerCase().includes(text) &&
      among('status', node.status) &&
      among('role', roleOf(node)) &&
      among('zone', node.zone) &&
      among('version', node.version) &&
      among('finding', ...node.findings.map((one) => one.id)),
  )
}

interface Props {
  readonly clusterId: string
  readonly nodes: readonly NodeRow[]
}

function Nodes({ clusterId, nodes }: Props) {
  const { open } = useSearchParams()
  const set = useSetSearch()
  // biome-ignore lint/correctness/useExhaustiveDependencies: ages are as of the rows
  const columns = useMemo(() => nodeColumns(clusterId, Date.now()), [clusterId, nodes])
  if (nodes.length === 0) return <EmptyState title="No node matches">Take away a filter.</EmptyState>
  const keyOf = (node: NodeRow) => objectKeyText({ kind: 'Node', namespace: '', name: node.name })
  return (
    <Card
      title={formatPlural(nodes.length, 'node')}
      hint="pods and requests are of collected namespaces; the tick is what is requested"
    >
      <DataTable
        rows={nodes}
        rowKey={keyOf}
        columns={columns}
        selectedKey={open}
        onOpen={(node) => set({ open: keyOf(node) }, { replace: open !== undefined })}
      />
    </Card>
  )
}

function nodeColumns(clusterId: string, nowMs: number): readonly Column<NodeRow>[] {
  const healthOrder = ['failed', 'warning', 'ok']
  return [
    {
      header: 'Node',
      width: 112,
      sort: (node) => node.name,
      cell: (node) => <b title={node.name}>{node.name}</b>,
    },
    {
      header: 'Status',
      width: 144,
      sort: (node) => `${healthOrder.indexOf(node.health)}${node.status}`,
      cell: (node) => (
        <StatusBadge state={node.health}>
          {node.cordoned ? node.status.replace(/,.*/, ', cordoned') : node.status}
        </StatusBadge>
      ),
    },
    {
      header: 'Roles',
      width: 112,
      sort: (node) => node.roles.join(),
      cell: (node) => node.roles.join(', ') || 'worker',
    },
    {
      header: 'Pods',
      width: 144,
      numeric: true,
      hint: 'Of collected namespaces, of what the node may hold',
      sort: (node) => node.pods,
      cell: (node) => (
        <ClusterLink clusterId={clusterId} path="/pods" search={{ node: node.name }}>
          <CapacityCell used={node.pods} outOf={node.podsAllocatable} format={formatCount} />
        </ClusterLink>
      ),
    },
    {
      header: 'CPU',
      width: 224,
      numeric: true,
      hint: 'Used of allocatable; the tick is what is requested',
      sort: (node) =>
        ratio(node.cpuUsedMillicores ?? node.cpuRequestMillicores, node.cpuAllocatableMillicores),
      cell: (node) => (
        <CapacityCell
          used={node.cpuUsedMillicores}
          requested={node.cpuRequestMillicores}
          outOf={node.cpuAllocatableMillicores}
          format={formatCpu}
        />
      ),
    },
    {
      header: 'Memory',
      width: 208,
      numeric: true,
      hint: 'Used of allocatable; the tick is what is requested',
      sort: (node) => ratio(node.memoryUsedBytes ?? node.memoryRequestBytes, node.memoryAllocatableBytes),
      cell: (node) => (
        <CapacityCell
          used={node.memoryUsedBytes}
          requested={node.memoryRequestBytes}
          outOf={node.memoryAllocatableBytes}
          format={formatBytes}
        />
      ),
    },
    {
      header: 'Conditions',
      width: 184,
      sort: (node) => healthOrder.indexOf(node.health),
      cell: (node) => <TroubledConditions kind="Node" conditions={node.conditions} nowMs={nowMs} />,
    },
    {
      header: 'Taints',
      width: 120,
      sort: (node) => node.taints.join(),
      cell: (node) => (
        <span title={node.taints.join('\n')}>{node.taints.map(shortTaint).join(', ') || '–'}</span>
      ),
    },
    { header: 'Version', width: 76, sort: (node) => node.version, cell: (node) => node.version || '–' },
    {
      header: 'Age',
      width: 56,
      numeric: true,
      sort: (node) => -node.createdMs,
      cell: (node) => formatAge(nowMs - node.createdMs),
    },
  ]
}

/** Without the prefix of its key: what it is about says enough in a table. */
const shortTaint = (taint: string) => taint.replace(/^.*\//, '')

const ratio = (value: number, of: number) => (of === 0 ? 0 : value / of)
