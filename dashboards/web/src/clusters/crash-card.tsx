import type { CrashList, CrashRow } from '@binnacle/collector/api/clusters'
import { useApi } from '../api.ts'
import { formatAgo, formatCount, formatPlural } from '../format.ts'
import { Card } from '../parts/card.tsx'
import { type Column, DataTable } from '../parts/data-table.tsx'
import { useSearchParams, useTimeRange } from '../url-state.ts'
import { ClusterLink } from './cluster-link.tsx'
import { explainExit } from './explain-exit.ts'

/** Containers that ended and why, the newest first; nothing where nothing crashed. */
export function CrashCard({ clusterId }: { readonly clusterId: string }) {
  const { from, to } = useTimeRange()
  const { namespace, workload } = useSearchParams()
  const answer = useApi<CrashList>(`/clusters/${encodeURIComponent(clusterId)}/crashes`, {
    from,
    to,
    ...(namespace ? { namespace } : {}),
    ...(workload ? { workload } : {}),
  })
  const crashes = answer.data?.crashes ?? []
  if (crashes.length === 0) return null
  const times = crashes.reduce((sum, crash) => sum + crash.count, 0)
  return (
    <Card
      title={formatPlural(times, 'crash', 'crashes')}
      hint="restarts and failed pods, by container and exit code"
    >
      <DataTable
        rows={crashes}
        rowKey={(crash) => `${crash.podUid} ${crash.container} ${crash.exitCode} ${crash.reason}`}
        columns={crashColumns(clusterId, Date.now())}
      />
    </Card>
  )
}

function crashColumns(clusterId: string, nowMs: number): readonly Column<CrashRow>[] {
  return [
    {
      header: 'Last',
      width: 84,
      numeric: true,
      sort: (crash) => crash.lastMs,
      cell: (crash) => formatAgo(crash.lastMs, nowMs),
    },
    {
      header: 'Count',
      width: 60,
      numeric: true,
      sort: (crash) => crash.count,
      cell: (crash) => `×${formatCount(crash.count)}`,
    },
    {
      header: 'Pod',
      width: 240,
      sort: (crash) => crash.pod,
      cell: (crash) => (
        <ClusterLink clusterId={clusterId} path="/pods" search={{ pod: crash.podUid }}>
          {crash.pod}
        </ClusterLink>
      ),
    },
    { header: 'Container', width: 120, sort: (crash) => crash.container, cell: (crash) => crash.container },
    {
      header: 'Exit',
      width: 128,
      sort: (crash) => crash.exitCode,
      cell: (crash) => (
        <span title={explainExit(crash.exitCode, crash.reason)}>
          {`${crash.exitCode}${crash.reason ? ` ${crash.reason}` : ''}`}
        </span>
      ),
    },
    {
      header: 'Last lines',
      width: 440,
      sort: (crash) => crash.lines,
      cell: (crash) =>
        crash.lines ? (
          <code title={crash.lines}>{crash.lines.split('\n').at(-1)?.trim()}</code>
        ) : (
          <span className="quiet">not kept</span>
        ),
    },
    {
      header: 'Namespace',
      width: 104,
      sort: (crash) => crash.namespace,
      cell: (crash) => crash.namespace,
    },
  ]
}
