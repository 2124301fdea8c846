import type { Finding, Inventory } from '@binnacle/collector/api/clusters'
import { useApi } from '../api.ts'
import { formatCount, formatPlural } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { Card } from '../parts/card.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { Figure } from '../parts/figure.tsx'
import { StatusBadge } from '../parts/status-badge.tsx'
import { timeSearch, withSearch } from '../search-params.ts'
import { useSearchParams, useTimeRange } from '../url-state.ts'
import { ClusterFrame, clusterPath, useClusterId } from './cluster-frame.tsx'
import { ClusterLink } from './cluster-link.tsx'
import { NamespaceChips } from './namespace-chips.tsx'

/** What is set up badly, how to fix it, and what there is. */
export function InventoryPage() {
  const clusterId = useClusterId()
  const { from, to } = useTimeRange()
  const { namespace } = useSearchParams()
  const path = `/clusters/${encodeURIComponent(clusterId)}/inventory`
  const answer = useApi<Inventory>(path, { from, to, namespace })
  return (
    <ClusterFrame part="Inventory">
      <NamespaceChips />
      <AnswerView answer={answer} height={480}>
        {({ findings, objects }) => (
          <>
            <Card title="Findings" hint="worst first; open one for its objects">
              {findings.length === 0 && (
                <EmptyState title="Nothing found">
                  All pods have limits, requests and probes, none is privileged, and none is in trouble.
                </EmptyState>
              )}
              {findings.map((finding) => (
                <FindingView key={finding.id} clusterId={clusterId} finding={finding} />
              ))}
            </Card>
            <Objects clusterId={clusterId} objects={objects} />
          </>
        )}
      </AnswerView>
    </ClusterFrame>
  )
}

interface Props {
  readonly clusterId: string
  readonly finding: Finding
}

function FindingView({ clusterId, finding }: Props) {
  return (
    <details className="finding">
      <summary>
        <StatusBadge state={finding.severity} />
        <span className="finding-title">
          <b>{finding.title}</b>
          <span className="finding-hint">{finding.hint}</span>
        </span>
        <span className="finding-count">
          <b>{formatCount(finding.count)}</b> <span className="quiet">of {formatCount(finding.outOf)}</span>
        </span>
        <span className="finding-share" aria-hidden="true">
          <i style={{ width: `${(finding.count / Math.max(finding.outOf, 1)) * 100}%` }} />
        </span>
      </summary>
      <ObjectList clusterId={clusterId} finding={finding} />
    </details>
  )
}

function ObjectList({ clusterId, finding }: Props) {
  const more = finding.count - finding.objects.length
  const isPods = finding.objects.every((one) => one.kind === 'Pod')
  return (
    <div className="finding-objects">
      <DataTable
        rows={finding.objects}
        rowKey={(one) => `${one.namespace}/${one.name}/${one.detail}`}
        columns={[
          {
            header: isPods ? 'Pod' : 'Object',
            width: 260,
            sort: (one) => one.name,
            cell: (one) => (
              <ClusterLink
                clusterId={clusterId}
                path="/pods"
                search={one.kind === 'Pod' ? { q: one.name, pod: one.name } : { workload: one.name }}
              >
                {one.name}
              </ClusterLink>
            ),
          },
          { header: 'Namespace', width: 160, sort: (one) => one.namespace, cell: (one) => one.namespace },
          { header: 'Owner', width: 220, sort: (one) => one.owner, cell: (one) => one.owner || '–' },
          { header: 'Detail', width: 320, sort: (one) => one.detail, cell: (one) => one.detail || '–' },
        ]}
      />
      {isPods && (
        <p>
          <ClusterLink clusterId={clusterId} path="/pods" search={{ finding: finding.id }}>
            {more > 0 ? `${formatPlural(more, 'more object')}: show all pods` : 'Show them among the pods'}
          </ClusterLink>
        </p>
      )}
    </div>
  )
}

function Objects({
  clusterId,
  objects,
}: {
  readonly clusterId: string
  readonly objects: Inventory['objects']
}) {
  const time = timeSearch(useSearchParams())
  if (objects.length === 0) return null
  return (
    <Card title="Objects">
      <div className="figures">
        {objects.map(({ kind, count, notReady, rows }) => (
          <Figure
            key={kind}
            label={kind}
            value={formatCount(count)}
            detail={notReady > 0 ? `${formatCount(notReady)} not ready` : ''}
            href={withSearch(clusterPath(clusterId, rows), time)}
          />
        ))}
      </div>
    </Card>
  )
}
