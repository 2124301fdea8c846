import type { PodRow } from '@binnacle/collector/api/clusters'
import type { ObjectDetail, ObjectRow } from '@binnacle/collector/api/objects'
import { useApi } from '../api.ts'
import { formatAge, formatBytes, formatCount, formatCpu, formatPlural } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { Chart } from '../parts/chart.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { KeyValue } from '../parts/key-value.tsx'
import { SidePanel } from '../parts/side-panel.tsx'
import { StatusBadge } from '../parts/status-badge.tsx'
import { useSearchParams, useSetSearch, useTimeRange } from '../url-state.ts'
import { capacityColors } from './capacity-card.tsx'
import { ClusterLink } from './cluster-link.tsx'
import { ConditionTable } from './conditions.tsx'
import { FindingList, FindingsCell } from './finding-list.tsx'
import { objectFacts } from './object-facts.ts'
import { type ObjectKey, parseObjectKey } from './object-key.ts'
import { ObjectLink } from './object-link.tsx'
import { objectState } from './object-state.ts'
import { PodStatus } from './pod-status.tsx'
import { PodTimeLine } from './pod-time-line.tsx'
import { QuotaBars } from './quota-bars.tsx'

/** The object that the URL says is open, beside the list. */
export function OpenObject({ clusterId }: { readonly clusterId: string }) {
  const { open } = useSearchParams()
  const set = useSetSearch()
  const key = parseObjectKey(open)
  if (key === undefined) return null
  return <ObjectPanel key={open} clusterId={clusterId} of={key} onClose={() => set({ open: undefined })} />
}

interface Props {
  readonly clusterId: string
  readonly of: ObjectKey
  readonly onClose: () => void
}

function ObjectPanel({ clusterId, of, onClose }: Props) {
  const { from, to } = useTimeRange()
  const path = `/clusters/${encodeURIComponent(clusterId)}/object`
  const answer = useApi<ObjectDetail>(path, { from, to, ...of })
  return (
    <SidePanel title={`${of.kind} ${of.name}`} onClose={onClose}>
      <AnswerView answer={answer} height={640}>
        {(detail) => <Details clusterId={clusterId} of={of} detail={detail} />}
      </AnswerView>
    </SidePanel>
  )
}

interface DetailsProps {
  readonly clusterId: string
  readonly of: ObjectKey
  readonly detail: ObjectDetail
}

function Details({ clusterId, of, detail }: DetailsProps) {
  const { object, pods, related, markers } = detail
  const hasUse = detail.cpu.series.some((series) => series.points.some((point) => point !== null))
  return (
    <>
      <Head of={of} detail={detail} />
      {object && object.findings.length > 0 && <FindingList findings={object.findings} />}
      {object && object.conditions.length > 0 && (
        <>
          <h3>Conditions</h3>
          <ConditionTable kind={of.kind} conditions={object.conditions} />
        </>
      )}
      {object && object.quota.length > 0 && (
        <>
          <h3>Used of hard</h3>
          <QuotaBars quota={object.quota} />
        </>
      )}
      {pods.length > 0 && (
        <>
          <h3>{formatPlural(pods.filter((pod) => !pod.deleted).length, 'pod')}</h3>
          <Pods clusterId={clusterId} pods={pods} />
        </>
      )}
      {hasUse && (
        <>
          <h3>CPU</h3>
          <Chart chart={detail.cpu} colors={capacityColors} markers={markers} height={120} />
          <h3>Memory</h3>
          <Chart chart={detail.memory} colors={capacityColors} markers={markers} height={120} />
        </>
      )}
      {related.length > 0 && (
        <>
          <h3>Belongs to it</h3>
          <Related clusterId={clusterId} related={related} />
        </>
      )}
      <h3>What happened</h3>
      <PodTimeLine detail={detail} />
      {object && (
        <>
          <h3>{object.kind}</h3>
          <Facts clusterId={clusterId} object={object} />
        </>
      )}
    </>
  )
}

function Head({ of, detail: { object } }: Pick<DetailsProps, 'of' | 'detail'>) {
  if (object === null) {
    return (
      <p className="quiet">
        {`The agent does not watch ${of.kind} objects: this one is known by its pods alone.`}
      </p>
    )
  }
  return (
    <div className="pod-head">
      {object.status !== '' && (
        <StatusBadge state={objectState(object)}>
          {object.deleted ? `${object.status}, gone` : object.status}
        </StatusBadge>
      )}
      {object.desired > 0 && object.kind !== 'Node' && (
        <span>{`${object.ready} of ${object.desired} ready`}</span>
      )}
      {object.reason !== '' && <span>{object.reason}</span>}
      <span className="quiet">{`${formatAge(Date.now() - object.createdMs)} old`}</span>
    </div>
  )
}

function Pods({ clusterId, pods }: { readonly clusterId: string; readonly pods: readonly PodRow[] }) {
  return (
    <DataTable
      rows={pods}
      rowKey={(pod) => pod.uid}
      columns={[
        {
          header: 'Pod',
          width: 200,
          sort: (pod) => pod.name,
          cell: (pod) => (
            <ClusterLink clusterId={clusterId} path="/pods" search={{ pod: pod.uid }}>
              {pod.name}
            </ClusterLink>
          ),
        },
        { header: 'Status', width: 136, sort: (pod) => pod.status, cell: (pod) => <PodStatus pod={pod} /> },
        {
          header: 'Restarts',
          width: 72,
          numeric: true,
          sort: (pod) => pod.restarts,
          cell: (pod) => formatCount(pod.restarts),
        },
        {
          header: 'CPU',
          width: 84,
          numeric: true,
          sort: (pod) => pod.cpuUsedMillicores ?? -1,
          cell: (pod) => formatCpu(pod.cpuUsedMillicores),
        },
        {
          header: 'Memory',
          width: 84,
          numeric: true,
          sort: (pod) => pod.memoryUsedBytes ?? -1,
          cell: (pod) => formatBytes(pod.memoryUsedBytes),
        },
      ]}
    />
  )
}

function Related({
  clusterId,
  related,
}: {
  readonly clusterId: string
  readonly related: readonly ObjectRow[]
}) {
  return (
    <DataTable
      rows={related}
      rowKey={(one) => one.uid}
      columns={[
        { header: 'Kind', width: 120, sort: (one) => one.kind, cell: (one) => one.kind },
        {
          header: 'Name',
          width: 200,
          sort: (one) => one.name,
          cell: (one) => <ObjectLink clusterId={clusterId} of={one} />,
        },
        { header: 'Status', width: 96, sort: (one) => one.status, cell: (one) => one.status || '–' },
        { header: 'Findings', width: 160, cell: (one) => <FindingsCell findings={one.findings} /> },
      ]}
    />
  )
}

function Facts({ clusterId, object }: { readonly clusterId: string; readonly object: ObjectRow }) {
  const owner = { kind: object.ownerKind, namespace: object.namespace, name: object.owner }
  const labels = Object.entries(object.labels)
  return (
    <KeyValue
      items={[
        ...(object.namespace === '' ? [] : [['Namespace', object.namespace] as const]),
        ...(object.owner === ''
          ? []
          : [
              [
                'Owner',
                <ObjectLink
                  key="owner"
                  clusterId={clusterId}
                  of={owner}
                >{`${object.ownerKind} ${object.owner}`}</ObjectLink>,
              ] as const,
            ]),
        ...(object.version === '' ? [] : [['Version', object.version] as const]),
        ...objectFacts(object),
        [
          'Labels',
          labels.length === 0 ? (
            ''
          ) : (
            <span key="labels" className="labels">
              {labels.map(([key, value]) => (
                <code key={key}>{`${key}=${value}`}</code>
              ))}
            </span>
          ),
        ],
      ]}
    />
  )
}
