import type { PodDetail } from '@binnacle/collector/api/clusters'
import { formatDuration } from '../format.ts'
import type { State } from '../parts/state.ts'

export interface Happening {
  readonly key: string
  readonly timeMs: number
  readonly state: State
  readonly title: string
  readonly detail: string
}

/** Changes of state and events in one line of time, the newest first. */
export function podHappenings({ events, changes }: Pick<PodDetail, 'events' | 'changes'>): Happening[] {
  const ofEvents = events.map(
    (event): Happening => ({
      key: `event ${event.eventUid}`,
      timeMs: event.lastMs,
      state: event.severity,
      title: event.count > 1 ? `${event.reason} ×${event.count}` : event.reason,
      detail: event.message,
    }),
  )
  const ofChanges = changes.map(
    (change, index): Happening => ({ key: `change ${index}`, ...ofChange(change) }),
  )
  return [...ofEvents, ...ofChanges].sort((a, b) => b.timeMs - a.timeMs)
}

function ofChange(change: PodDetail['changes'][number]): Omit<Happening, 'key'> {
  const { timeMs } = change
  if (change.change === 'restart') {
    const why = [change.reason, `exit code ${change.exitCode}`].filter((one) => one !== '').join(', ')
    return { timeMs, state: 'failed', title: `${change.container || 'container'} restarted`, detail: why }
  }
  const arrow = change.from || change.to ? `${change.from || '–'} → ${change.to || '–'}` : ''
  const lasted =
    change.previousDurationMs > 0 ? `was ${change.from} for ${formatDuration(change.previousDurationMs)}` : ''
  const detail = [lasted, change.reason, change.message].filter((one) => one !== '').join(' · ')
  return { timeMs, state: 'info', title: arrow ? `${change.change}: ${arrow}` : change.change, detail }
}
