import type { NamespaceList, NamespaceRow } from '@binnacle/collector/api/clusters'
import { useMemo } from 'react'
import { useApi } from '../api.ts'
import { formatCount, formatDateTime, formatPercent } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { Card } from '../parts/card.tsx'
import { type Column, DataTable } from '../parts/data-table.tsx'
import { StatusBadge } from '../parts/status-badge.tsx'
import { useTimeRange } from '../url-state.ts'
import { ClusterFrame, useClusterId } from './cluster-frame.tsx'
import type { ClusterPath } from './cluster-link.tsx'
import { ClusterLink } from './cluster-link.tsx'
import { CountLink } from './count-link.tsx'
import { NoNamespaceYet, OptInCommand } from './opt-in-hint.tsx'
import { ShareBar } from './share-bar.tsx'

/** Which namespaces are collected from, and why. */
export function NamespacesPage() {
  const clusterId = useClusterId()
  const { from, to } = useTimeRange()
  const answer = useApi<NamespaceList>(`/clusters/${encodeURIComponent(clusterId)}/namespaces`, { from, to })
  return (
    <ClusterFrame part="Namespaces">
      <AnswerView answer={answer} height={240}>
        {({ namespaces }) =>
          namespaces.length === 0 ? (
            <NoNamespaceYet />
          ) : (
            <>
              <Namespaces clusterId={clusterId} namespaces={namespaces} />
              <Card title="Add a namespace" hint="removing the label stops the collection within seconds">
                <OptInCommand />
              </Card>
            </>
          )
        }
      </AnswerView>
    </ClusterFrame>
  )
}

interface Props {
  readonly clusterId: string
  readonly namespaces: readonly NamespaceRow[]
}

function Namespaces({ clusterId, namespaces }: Props) {
  const columns = useMemo(() => namespaceColumns(clusterId), [clusterId])
  return (
    <Card>
      <DataTable rows={namespaces} rowKey={(row) => row.name} columns={columns} />
    </Card>
  )
}

function namespaceColumns(clusterId: string): readonly Column<NamespaceRow>[] {
  return [
    {
      header: 'Namespace',
      width: 132,
      sort: (row) => row.name,
      cell: (row) => (
        <ClusterLink clusterId={clusterId} search={{ namespace: row.name }}>
          {row.name}
        </ClusterLink>
      ),
    },
    {
      header: 'Collection',
      width: 120,
      sort: (row) => (row.collecting ? 0 : 1),
      cell: (row) => <Collection row={row} />,
    },
    {
      header: 'Why',
      width: 224,
      sort: (row) => row.scopeReason,
      cell: (row) => <span title={row.scopeReason}>{row.scopeReason || '–'}</span>,
    },
    { header: 'Status', width: 64, sort: (row) => row.status, cell: (row) => row.status || '–' },
    {
      header: 'Pods',
      width: 56,
      numeric: true,
      sort: (row) => row.pods,
      cell: (row) => (
        <ClusterLink clusterId={clusterId} path="/pods" search={{ namespace: row.name }}>
          {formatCount(row.pods)}
        </ClusterLink>
      ),
    },
    countColumn(clusterId, 'Not ready', (row) => row.podsNotReady, '/pods', {
      health: 'failed,pending,warning',
    }),
    countColumn(clusterId, 'Restarts', (row) => row.restarts, '/pods', { restarted: 'true' }),
    countColumn(clusterId, 'Errors', (row) => row.errorEvents, '/events', { severity: 'error' }),
    countColumn(clusterId, 'Findings', (row) => row.findings, '/inventory', {}, { plain: true }),
    countColumn(clusterId, 'Workloads', (row) => row.workloads, '/workloads', {}, { plain: true }),
    countColumn(
      clusterId,
      'Services',
      (row) => row.services,
      '/objects',
      { kind: 'Service' },
      { plain: true },
    ),
    countColumn(
      clusterId,
      'Claims',
      (row) => row.claims,
      '/objects',
      { kind: 'PersistentVolumeClaim' },
      { plain: true },
    ),
    {
      header: 'Quota',
      width: 200,
      hint: 'The resource of its quotas that is used the most',
      sort: (row) => row.quotaRatio ?? -1,
      cell: (row) => <Quota clusterId={clusterId} row={row} />,
    },
    countColumn(
      clusterId,
      'Limit ranges',
      (row) => row.limitRanges,
      '/objects',
      { kind: 'LimitRange' },
      { plain: true },
    ),
  ]
}

function countColumn(
  clusterId: string,
  header: string,
  countOf: (row: NamespaceRow) => number,
  path: ClusterPath,
  search: Readonly<Record<string, string>>,
  { plain = false }: { readonly plain?: boolean } = {},
): Column<NamespaceRow> {
  return {
    header,
    width: header.length > 10 ? 92 : 76,
    numeric: true,
    sort: countOf,
    cell: (row) => (
      <CountLink
        clusterId={clusterId}
        count={countOf(row)}
        path={path}
        search={{ ...search, namespace: row.name }}
        plain={plain}
      />
    ),
  }
}

function Quota({ clusterId, row }: { readonly clusterId: string; readonly row: NamespaceRow }) {
  if (row.quotaRatio === null) return <span className="quiet">none</span>
  return (
    <ClusterLink
      clusterId={clusterId}
      path="/objects"
      search={{ kind: 'ResourceQuota', namespace: row.name }}
      className="share-cell"
    >
      <ShareBar
        value={row.quotaRatio}
        outOf={1}
        title={`${row.quotaResource}: ${formatPercent(row.quotaRatio)} of its quota`}
      />
      {`${formatPercent(row.quotaRatio)} ${row.quotaResource}`}
    </ClusterLink>
  )
}

function Collection({ row }: { readonly row: NamespaceRow }) {
  if (row.collecting) return <StatusBadge state="ok">collecting</StatusBadge>
  if (row.stoppedAtMs > 0)
    return <StatusBadge state="done">{`stopped at ${formatDateTime(row.stoppedAtMs)}`}</StatusBadge>
  return <StatusBadge state="done">not collected</StatusBadge>
}
