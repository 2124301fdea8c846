import type { PodDetail } from '@binnacle/collector/api/clusters'
import { useState } from 'react'
import { formatDateTime } from '../format.ts'
import { StatusBadge } from '../parts/status-badge.tsx'
import { podHappenings } from './pod-happenings.ts'

/** More would push the rest of the panel out of sight. */
const shownFirst = 8

/** Changes and events of a pod, or of another object. */
export function PodTimeLine({ detail }: { readonly detail: Pick<PodDetail, 'events' | 'changes'> }) {
  const [all, setAll] = useState(false)
  const happenings = podHappenings(detail)
  if (happenings.length === 0) return <p className="quiet">Nothing in this time range.</p>
  const shown = all ? happenings : happenings.slice(0, shownFirst)
  return (
    <>
      <ol className="time-line">
        {shown.map(({ key, timeMs, state, title, detail: text }) => (
          <li key={key}>
            <time dateTime={new Date(timeMs).toISOString()}>{formatDateTime(timeMs)}</time>
            <span>
              <StatusBadge state={state}>{title}</StatusBadge>
              {text && <span className="quiet"> {text}</span>}
            </span>
          </li>
        ))}
      </ol>
      {shown.length < happenings.length && (
        <button type="button" className="button" onClick={() => setAll(true)}>
          {happenings.length - shown.length} more
        </button>
      )}
    </>
  )
}
