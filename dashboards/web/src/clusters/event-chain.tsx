import type { EventChain as Chain, EventRow } from '@binnacle/collector/api/clusters'
import { useApi } from '../api.ts'
import { formatCount, formatTime } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { StatusBadge } from '../parts/status-badge.tsx'
import { useSetSearch, useTimeRange } from '../url-state.ts'
import { eventFilterKeys } from './event-filters.ts'

/** What happened before and around an event, from its object up to its node: the first trouble is the likely cause. */
export function EventChain({ clusterId, event }: { readonly clusterId: string; readonly event: EventRow }) {
  const { from, to } = useTimeRange()
  const answer = useApi<Chain>(
    `/clusters/${encodeURIComponent(clusterId)}/events/${encodeURIComponent(event.eventUid)}/chain`,
    { from, to },
  )
  return (
    <AnswerView answer={answer} height={120}>
      {({ events }) => <Links events={events} event={event} />}
    </AnswerView>
  )
}

function Links({ events, event }: { readonly events: readonly EventRow[]; readonly event: EventRow }) {
  const set = useSetSearch()
  // The filters of the list might hide it.
  const open = (one: EventRow) =>
    set({ event: one.eventUid, ...Object.fromEntries(eventFilterKeys.map((key) => [key, undefined])) })
  const firstTrouble = events.find((one) => one.severity !== 'info')
  if (events.length < 2) return <p className="quiet">Nothing else is known of it in this time range.</p>
  return (
    <ol className="time-line">
      {events.map((one) => (
        <li key={one.eventUid} aria-current={one.eventUid === event.eventUid || undefined}>
          <time dateTime={new Date(one.firstMs).toISOString()}>{formatTime(one.firstMs)}</time>
          <span>
            <button type="button" title={one.message} onClick={() => open(one)}>
              <StatusBadge state={one.severity}>
                {one.count > 1 ? `${one.reason} ×${formatCount(one.count)}` : one.reason}
              </StatusBadge>
            </button>{' '}
            <span className="quiet">
              {`${one.objectKind} ${one.objectName}`}
              {one === firstTrouble && <b> · first trouble</b>}
              {one.eventUid === event.eventUid && <b> · this event</b>}
            </span>
          </span>
        </li>
      ))}
    </ol>
  )
}
