import type { Inventory, ObjectRow } from '@binnacle/collector/api/objects'
import type { ReactNode } from 'react'
import { useApi } from '../api.ts'
import { formatCount } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { Card } from '../parts/card.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { Figure } from '../parts/figure.tsx'
import { useSearchParams, useSetSearch, useTimeRange } from '../url-state.ts'
import { changeOf, useRowsHref } from './api-figure.tsx'
import { ClusterFrame, useClusterId } from './cluster-frame.tsx'
import { ClusterLink } from './cluster-link.tsx'
import { FindingPanel } from './finding-panel.tsx'
import { FindingTable } from './finding-table.tsx'
import { kindTitle } from './kind-title.ts'
import { NamespaceChips } from './namespace-chips.tsx'
import { OpenObject } from './object-panel.tsx'
import { ObjectTable } from './object-table.tsx'
import { QuotaBars } from './quota-bars.tsx'

/** What is set up badly, how to fix it, and what there is. */
export function InventoryPage() {
  const clusterId = useClusterId()
  const { from, to } = useTimeRange()
  const { namespace, finding } = useSearchParams()
  const set = useSetSearch()
  const path = `/clusters/${encodeURIComponent(clusterId)}/inventory`
  const answer = useApi<Inventory>(path, { from, to, namespace })
  const chosen = answer.data?.findings.find((one) => one.id === finding)
  return (
    <ClusterFrame part="Inventory">
      <NamespaceChips />
      <AnswerView answer={answer} height={480}>
        {(inventory) => <Parts clusterId={clusterId} inventory={inventory} />}
      </AnswerView>
      {chosen && (
        <FindingPanel clusterId={clusterId} finding={chosen} onClose={() => set({ finding: undefined })} />
      )}
      <OpenObject clusterId={clusterId} />
    </ClusterFrame>
  )
}

interface Props {
  readonly clusterId: string
  readonly inventory: Inventory
}

/** A list on this page shows so many; all are behind its heading. */
const shownMax = 12

function Parts({ clusterId, inventory }: Props) {
  const { findings, services, claims, autoscalers, limitRanges } = inventory
  return (
    <>
      <Card title="Findings" hint="worst first; open one for its objects">
        {findings.length === 0 ? (
          <EmptyState title="Nothing found">
            All pods have limits, requests and probes, none is privileged, and none is in trouble.
          </EmptyState>
        ) : (
          <FindingTable clusterId={clusterId} findings={findings} />
        )}
      </Card>
      <Objects clusterId={clusterId} objects={inventory.objects} />
      <Quotas clusterId={clusterId} quotas={inventory.quotas} />
      <Kind clusterId={clusterId} kind="Service" objects={services} />
      <Kind clusterId={clusterId} kind="PersistentVolumeClaim" objects={claims} />
      <Kind clusterId={clusterId} kind="HorizontalPodAutoscaler" objects={autoscalers} />
      <Kind clusterId={clusterId} kind="LimitRange" objects={limitRanges} />
    </>
  )
}

function Objects({
  clusterId,
  objects,
}: {
  readonly clusterId: string
  readonly objects: Inventory['objects']
}) {
  const href = useRowsHref(clusterId)
  if (objects.length === 0) return null
  return (
    <Card title="Objects">
      <div className="figures">
        {objects.map(({ kind, count, before, notReady, withFindings, rows }) => (
          <Figure
            key={kind}
            label={kindTitle(kind)}
            value={formatCount(count)}
            detail={[
              notReady > 0 ? `${formatCount(notReady)} not ready` : '',
              withFindings > 0 ? `${formatCount(withFindings)} with findings` : '',
              count === before ? '' : changeOf({ value: count, before, unit: '1' }),
            ]
              .filter((one) => one !== '')
              .join(', ')}
            href={href(rows)}
          />
        ))}
      </div>
    </Card>
  )
}

function Quotas({
  clusterId,
  quotas,
}: {
  readonly clusterId: string
  readonly quotas: readonly ObjectRow[]
}) {
  if (quotas.length === 0) {
    return (
      <Card title="Quotas">
        <p className="quiet">
          No namespace that is collected has a ResourceQuota: one team can take the whole cluster.
        </p>
      </Card>
    )
  }
  return (
    <Card
      title="Quotas"
      hint="used of hard"
      actions={<ListLink clusterId={clusterId} kind="ResourceQuota" />}
    >
      <div className="quotas">
        {quotas.map((quota) => (
          <section key={quota.uid}>
            <h3>
              <ClusterLink
                clusterId={clusterId}
                path="/objects"
                search={{ kind: 'ResourceQuota', namespace: quota.namespace }}
              >
                {quota.namespace}
              </ClusterLink>{' '}
              <span className="quiet">{quota.name}</span>
            </h3>
            <QuotaBars quota={quota.quota} />
          </section>
        ))}
      </div>
    </Card>
  )
}

interface KindProps {
  readonly clusterId: string
  readonly kind: string
  readonly objects: readonly ObjectRow[]
}

function Kind({ clusterId, kind, objects }: KindProps): ReactNode {
  if (objects.length === 0) return null
  const hidden = objects.length - shownMax
  return (
    <Card
      title={kindTitle(kind)}
      hint={
        hidden > 0
          ? `${formatCount(shownMax)} of ${formatCount(objects.length)}, those with findings first`
          : `${formatCount(objects.length)}`
      }
      actions={<ListLink clusterId={clusterId} kind={kind} />}
    >
      <ObjectTable clusterId={clusterId} objects={objects.slice(0, shownMax)} />
    </Card>
  )
}

function ListLink({ clusterId, kind }: { readonly clusterId: string; readonly kind: string }) {
  const { namespace } = useSearchParams()
  return (
    <ClusterLink clusterId={clusterId} path="/objects" search={{ kind, ...(namespace ? { namespace } : {}) }}>
      Open the list
    </ClusterLink>
  )
}
