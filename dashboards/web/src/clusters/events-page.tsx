import type { EventList, EventRow } from '@binnacle/collector/api/clusters'
import { useMemo } from 'react'
import { useApi } from '../api.ts'
import { formatAgo, formatCount, formatPlural } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { Card } from '../parts/card.tsx'
import { Chart } from '../parts/chart.tsx'
import { type Column, DataTable } from '../parts/data-table.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { Chip, FacetChips, FilterBar } from '../parts/filter-bar.tsx'
import { StatusBadge } from '../parts/status-badge.tsx'
import { TextFilter } from '../parts/text-filter.tsx'
import { useSearchParams, useSetSearch, useTimeRange } from '../url-state.ts'
import { ClusterFrame, useClusterId } from './cluster-frame.tsx'
import { ClusterLink } from './cluster-link.tsx'
import { CrashCard } from './crash-card.tsx'
import { eventFilterKeys } from './event-filters.ts'
import { EventPanel } from './event-panel.tsx'
import { ObjectLink } from './object-link.tsx'

const facetsShown = [
  { name: 'severity', label: 'Severity', menu: false },
  { name: 'category', label: 'Category' },
  { name: 'namespace', label: 'Namespace' },
  { name: 'reason', label: 'Reason', menu: true },
  { name: 'workload', label: 'Workload', menu: true },
]
const severityColors = { error: '--bad', warning: '--warn', info: '--ok' }
const severityOrder = ['info', 'warning', 'error']

/** What the cluster said, repeats counted, over time. */
export function EventsPage() {
  const clusterId = useClusterId()
  const { from, to } = useTimeRange()
  const search = useSearchParams()
  const set = useSetSearch()
  const filters = Object.fromEntries(
    eventFilterKeys.flatMap((key) => (search[key] ? [[key, search[key]]] : [])),
  )
  const answer = useApi<EventList>(`/clusters/${encodeURIComponent(clusterId)}/events`, {
    from,
    to,
    ...filters,
  })
  const chosen = answer.data?.events.find((one) => one.eventUid === search['event'])
  const facets = answer.data?.facets ?? []
  return (
    <ClusterFrame part="Events">
      <FilterBar>
        <TextFilter label="Message or object" />
        {search['object'] && (
          <Chip pressed onToggle={() => set({ object: undefined })}>
            one object ✕
          </Chip>
        )}
        {facetsShown.map((shown) => (
          <FacetChips
            key={shown.name}
            {...shown}
            values={facets.find((facet) => facet.name === shown.name)?.values ?? []}
          />
        ))}
      </FilterBar>
      <AnswerView answer={answer} height={480}>
        {(list) => (
          <Events
            clusterId={clusterId}
            list={list}
            selected={chosen?.eventUid}
            onOpen={(event) => set({ event: event.eventUid }, { replace: chosen !== undefined })}
          />
        )}
      </AnswerView>
      <CrashCard clusterId={clusterId} />
      {chosen && (
        <EventPanel clusterId={clusterId} event={chosen} onClose={() => set({ event: undefined })} />
      )}
    </ClusterFrame>
  )
}

interface Props {
  readonly clusterId: string
  readonly list: EventList
  readonly selected: string | undefined
  readonly onOpen: (event: EventRow) => void
}

function Events({ clusterId, list, selected, onOpen }: Props) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: ages are as of the rows
  const columns = useMemo(() => eventColumns(clusterId, Date.now()), [clusterId, list])
  if (list.total === 0) {
    return (
      <EmptyState title="No event in this time range">Take away a filter or widen the time range.</EmptyState>
    )
  }
  return (
    <>
      <Card title={formatPlural(list.total, 'event')} hint="by severity; drag to zoom">
        <Chart chart={list.timeline} kind="bars" colors={severityColors} height={140} />
      </Card>
      <Card
        title={formatPlural(list.events.length, 'group')}
        hint="the same event of the same object is one row"
      >
        <DataTable
          rows={list.events}
          rowKey={(event) => event.eventUid}
          columns={columns}
          selectedKey={selected}
          onOpen={onOpen}
        />
      </Card>
    </>
  )
}

function eventColumns(clusterId: string, nowMs: number): readonly Column<EventRow>[] {
  return [
    {
      header: 'Last',
      width: 84,
      numeric: true,
      sort: (event) => event.lastMs,
      cell: (event) => formatAgo(event.lastMs, nowMs),
    },
    {
      header: 'Count',
      width: 60,
      numeric: true,
      sort: (event) => event.count,
      cell: (event) => `×${formatCount(event.count)}`,
    },
    {
      header: 'Severity',
      width: 92,
      sort: (event) => severityOrder.indexOf(event.severity),
      cell: (event) => <StatusBadge state={event.severity} />,
    },
    { header: 'Category', width: 88, sort: (event) => event.category, cell: (event) => event.category },
    { header: 'Reason', width: 136, sort: (event) => event.reason, cell: (event) => event.reason },
    {
      header: 'Message',
      width: 440,
      sort: (event) => event.message,
      cell: (event) => <span title={event.message}>{event.message}</span>,
    },
    {
      header: 'Object',
      width: 240,
      sort: (event) => event.objectName,
      cell: (event) => <EventObject clusterId={clusterId} event={event} />,
    },
    {
      header: 'Namespace',
      width: 104,
      sort: (event) => event.namespace,
      cell: (event) => event.namespace || '–',
    },
    {
      header: 'Workload',
      width: 136,
      sort: (event) => event.workload,
      cell: (event) => event.workload || '–',
    },
  ]
}

export function EventObject({ clusterId, event }: { readonly clusterId: string; readonly event: EventRow }) {
  const { objectKind: kind, objectName: name } = event
  const text = `${kind} ${name}`
  if (kind === 'Pod') {
    return (
      <ClusterLink clusterId={clusterId} path="/pods" search={{ pod: event.objectUid }}>
        {text}
      </ClusterLink>
    )
  }
  // Events of nodes stand in the namespace default.
  const namespace = kind === 'Node' ? '' : event.namespace
  return (
    <ObjectLink clusterId={clusterId} of={{ kind, namespace, name }}>
      {text}
    </ObjectLink>
  )
}
