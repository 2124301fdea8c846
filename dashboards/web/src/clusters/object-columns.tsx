import type { ObjectRow } from '@binnacle/collector/api/objects'
import type { ReactNode } from 'react'
import { formatAge, formatAgo, formatBytes, formatCount, formatDuration, formatPercent } from '../format.ts'
import type { Column } from '../parts/data-table.tsx'
import type { SortValue } from '../parts/sort-rows.ts'
import { StatusBadge } from '../parts/status-badge.tsx'
import { FindingsCell } from './finding-list.tsx'
import { ObjectLink } from './object-link.tsx'
import { objectState } from './object-state.ts'
import { ShareBar } from './share-bar.tsx'

const order = ['error', 'warning', 'info']

/** The columns of objects of one kind; of several kinds (`kind` undefined) those that all have. */
export function objectColumns(
  clusterId: string,
  kind: string | undefined,
  nowMs: number,
): readonly Column<ObjectRow>[] {
  return [
    {
      header: 'Name',
      width: 220,
      sort: (one) => one.name,
      cell: (one) => <b title={one.name}>{one.name}</b>,
    },
    ...(kind === undefined ? [textColumn('Kind', 176, (one) => one.kind)] : []),
    textColumn('Namespace', 120, (one) => one.namespace),
    ...(ofKind(kind, nowMs) ?? [
      status,
      {
        header: 'Owner',
        width: 200,
        sort: (one: ObjectRow) => one.owner,
        cell: (one: ObjectRow) =>
          one.owner === '' ? (
            '–'
          ) : (
            <ObjectLink
              clusterId={clusterId}
              of={{ kind: one.ownerKind, namespace: one.namespace, name: one.owner }}
            >{`${one.ownerKind} ${one.owner}`}</ObjectLink>
          ),
      },
    ]),
    {
      header: 'Findings',
      width: 216,
      sort: (one) => (one.findings[0] ? order.indexOf(one.findings[0].severity) : order.length),
      cell: (one) => <FindingsCell findings={one.findings} />,
    },
    numberColumn(
      'Age',
      72,
      (one) => nowMs - one.createdMs,
      (ageMs) => formatAge(ageMs),
    ),
  ]
}

const status: Column<ObjectRow> = {
  header: 'Status',
  width: 128,
  sort: (one) => one.status,
  cell: (one) => (one.status === '' ? '–' : <StatusBadge state={objectState(one)}>{one.status}</StatusBadge>),
}

function ofKind(kind: string | undefined, nowMs: number): readonly Column<ObjectRow>[] | undefined {
  switch (kind) {
    case 'Service':
      return [
        textColumn('Type', 96, (one) => one.facts['type']),
        endpoints,
        textColumn('Ports', 168, (one) => one.facts['ports'] || one.facts['externalName']),
        textColumn('Selector', 200, (one) => one.facts['selector']),
        textColumn('Cluster IP', 112, (one) => one.facts['clusterIp']),
      ]
    case 'EndpointSlice':
      return [
        textColumn('Service', 180, (one) => one.facts['service']),
        endpoints,
        textColumn('Ports', 168, (one) => one.facts['ports']),
        textColumn('Addresses', 88, (one) => one.facts['addressType']),
      ]
    case 'PersistentVolumeClaim':
      return [
        status,
        bytesColumn('Requested', 'requestBytes'),
        bytesColumn('Provided', 'capacityBytes'),
        textColumn('Storage class', 128, (one) => one.facts['storageClass']),
        textColumn('Access', 136, (one) => one.facts['accessModes']),
        textColumn('Volume', 160, (one) => one.facts['volume']),
      ]
    case 'HorizontalPodAutoscaler':
      return [
        status,
        textColumn('Scales', 184, (one) => one.facts['target']),
        replicas,
        numberColumn(
          'CPU of target',
          120,
          (one) => one.amounts['cpuPercent'] ?? -1,
          (_, one) => percents(one, 'cpu'),
        ),
        numberColumn(
          'Memory of target',
          128,
          (one) => one.amounts['memoryPercent'] ?? -1,
          (_, one) => percents(one, 'memory'),
        ),
        numberColumn(
          'Last scaled',
          96,
          (one) => one.amounts['lastScaledAtMs'] ?? 0,
          (atMs) => formatAgo(atMs, nowMs),
        ),
      ]
    case 'ResourceQuota':
      return [
        fullest,
        textColumn('Also', 320, (one) => one.quota.slice(1).map(quotaText).join(', ')),
        textColumn('Scopes', 120, (one) => one.facts['scopes']),
      ]
    case 'LimitRange':
      return [textColumn('Limits', 560, (one) => one.facts['limits'])]
    case 'Job':
      return [
        status,
        numberColumn(
          'Completions',
          96,
          (one) => one.ready,
          (_, one) => `${one.ready} of ${one.desired}`,
        ),
        countColumn('Active', 'active'),
        countColumn('Failed', 'failed'),
        numberColumn('Took', 88, tookMs, (ms) => (ms < 0 ? '–' : formatDuration(ms))),
        textColumn('Owner', 160, (one) => one.owner),
      ]
    case 'CronJob':
      return [
        status,
        textColumn('Schedule', 136, (one) => one.facts['schedule']),
        textColumn('Time zone', 120, (one) => one.facts['timeZone']),
        countColumn('Active', 'active'),
        numberColumn(
          'Last scheduled',
          112,
          (one) => one.amounts['lastScheduledAtMs'] ?? 0,
          (atMs) => formatAgo(atMs, nowMs),
        ),
        numberColumn(
          'Last succeeded',
          112,
          (one) => one.amounts['lastSucceededAtMs'] ?? 0,
          (atMs) => formatAgo(atMs, nowMs),
        ),
      ]
    case 'ReplicaSet':
      return [
        numberColumn(
          'Desired',
          80,
          (one) => one.desired,
          (value) => formatCount(value),
        ),
        textColumn('Version', 112, (one) => one.version),
        textColumn('Owner', 200, (one) => one.owner),
      ]
    default:
      return undefined
  }
}

function textColumn(
  header: string,
  width: number,
  valueIn: (one: ObjectRow) => string | undefined,
): Column<ObjectRow> {
  return {
    header,
    width,
    sort: (one) => valueIn(one) ?? '',
    cell: (one) => <span title={valueIn(one)}>{valueIn(one) || '–'}</span>,
  }
}

function numberColumn(
  header: string,
  width: number,
  valueIn: (one: ObjectRow) => number,
  format: (value: number, one: ObjectRow) => ReactNode,
): Column<ObjectRow> {
  return {
    header,
    width,
    numeric: true,
    sort: valueIn as (one: ObjectRow) => SortValue,
    cell: (one) => format(valueIn(one), one),
  }
}

const countColumn = (header: string, key: string) =>
  numberColumn(
    header,
    72,
    (one) => one.amounts[key] ?? 0,
    (value) => formatCount(value),
  )

const bytesColumn = (header: string, key: string) =>
  numberColumn(
    header,
    96,
    (one) => one.amounts[key] ?? 0,
    (value) => (value === 0 ? '–' : formatBytes(value)),
  )

const endpoints = numberColumn(
  'Endpoints ready',
  120,
  (one) => one.amounts['readyEndpoints'] ?? -1,
  (ready, one) => {
    if (ready < 0) return <span className="quiet">none of its own</span>
    const all = ready + (one.amounts['notReadyEndpoints'] ?? 0)
    return (
      <span
        className={ready === 0 ? 'errors' : undefined}
      >{`${formatCount(ready)} of ${formatCount(all)}`}</span>
    )
  },
)

const replicas = numberColumn(
  'Replicas',
  184,
  (one) => one.amounts['replicas'] ?? 0,
  (now, one) => {
    const { replicasMin = 0, replicasMax = 0 } = one.amounts
    const words = `${formatCount(now)} (${formatCount(replicasMin)} to ${formatCount(replicasMax)})`
    return (
      <span className="capacity-cell" title={`${words}: now (least to most)`}>
        <span>{words}</span>
        <ShareBar
          value={now}
          outOf={replicasMax}
          tick={replicasMin}
          tone={now >= replicasMax ? 'warn' : 'plain'}
          title={words}
        />
      </span>
    )
  },
)

const fullest: Column<ObjectRow> = {
  header: 'Fullest',
  width: 320,
  sort: (one) => shareOf(one.quota[0]),
  cell: ({ quota: [most] }) =>
    most === undefined ? (
      '–'
    ) : (
      <span className="share-cell">
        <ShareBar value={most.used} outOf={most.hard} title={quotaText(most)} />
        {quotaText(most)}
      </span>
    ),
}

type Use = ObjectRow['quota'][number]

const shareOf = (use: Use | undefined) => (use === undefined || use.hard === 0 ? 0 : use.used / use.hard)

const quotaText = (use: Use) => `${use.resource} ${formatPercent(shareOf(use))}`

function percents({ amounts }: ObjectRow, name: 'cpu' | 'memory'): string {
  const now = amounts[`${name}Percent`]
  const target = amounts[`${name}TargetPercent`]
  if (target === undefined) return '–'
  return `${now === undefined ? '–' : formatCount(now)} of ${formatCount(target)} %`
}

/** −1: not ended. */
function tookMs({ amounts: { startedAtMs = 0, finishedAtMs = 0 } }: ObjectRow): number {
  return startedAtMs > 0 && finishedAtMs > 0 ? finishedAtMs - startedAtMs : -1
}
