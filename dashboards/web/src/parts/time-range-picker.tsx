import { useState } from 'react'
import { formatDateTime } from '../format.ts'
import { nameOfRange } from '../time.ts'
import { useRefresh, useSetSearch, useTimeRange } from '../url-state.ts'
import { Popover } from './popover.tsx'

const presets = ['5m', '15m', '30m', '1h', '3h', '6h', '12h', '1d', '3d', '7d', '30d']
const refreshMs = 10_000

/** Which time the page shows; it lives in the URL, so that a shared link shows the same. */
export function TimeRangePicker() {
  const range = useTimeRange()
  const set = useSetSearch()
  const refresh = useRefresh()
  const absolute = `${formatDateTime(range.fromMs)} – ${formatDateTime(range.toMs)}`
  return (
    <div className="time-range">
      <Popover label={nameOfRange(range.from, range.to) ?? absolute} title={`Time range: ${absolute}`}>
        {(close) => (
          <div className="time-choices">
            <div className="time-presets">
              {presets.map((preset) => (
                <button
                  key={preset}
                  type="button"
                  className="button"
                  aria-pressed={range.from === `now-${preset}` && range.to === 'now'}
                  onClick={() => {
                    set({ from: preset === '1h' ? undefined : `now-${preset}`, to: undefined })
                    close()
                  }}
                >
                  {nameOfRange(`now-${preset}`, 'now')}
                </button>
              ))}
            </div>
            <AbsoluteRange key={`${range.from} ${range.to}`} onDone={close} />
          </div>
        )}
      </Popover>
      <button
        type="button"
        className="icon-button"
        aria-pressed={refresh.everyMs !== false}
        title={refresh.everyMs === false ? 'Refresh every 10 s' : 'Refreshes every 10 s; click to stop'}
        onClick={() => {
          refresh.setEveryMs(refresh.everyMs === false ? refreshMs : false)
          if (refresh.everyMs === false) refresh.now()
        }}
      >
        ⟳{refresh.everyMs !== false && ' 10 s'}
      </button>
    </div>
  )
}

function AbsoluteRange({ onDone }: { readonly onDone: () => void }) {
  const range = useTimeRange()
  const set = useSetSearch()
  const [from, setFrom] = useState(toField(range.fromMs))
  const [to, setTo] = useState(toField(range.toMs))
  const valid = Date.parse(from) < Date.parse(to)
  return (
    <form
      className="time-absolute"
      onSubmit={(event) => {
        event.preventDefault()
        if (!valid) return
        set({ from: String(Date.parse(from)), to: String(Date.parse(to)) })
        onDone()
      }}
    >
      <label>
        From
        <input
          type="datetime-local"
          step="1"
          value={from}
          onChange={(event) => setFrom(event.target.value)}
        />
      </label>
      <label>
        To
        <input type="datetime-local" step="1" value={to} onChange={(event) => setTo(event.target.value)} />
      </label>
      <button type="submit" className="button" disabled={!valid}>
        Apply
      </button>
      {!valid && <span className="errors">The start must be before the end.</span>}
    </form>
  )
}

/** Local time as the browser's field takes it. */
function toField(timeMs: number): string {
  const local = new Date(timeMs - new Date(timeMs).getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 19)
}
