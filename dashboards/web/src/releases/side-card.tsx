import type { ReleaseComparison } from '@binnacle/collector/api/releases'
import {
  formatCount,
  formatDateTime,
  formatPercent,
  formatPlural,
  formatRate,
  formatTime,
} from '../format.ts'
import { Card } from '../parts/card.tsx'
import { KeyValue } from '../parts/key-value.tsx'
import { rangeSearch, TracesLink } from '../traces/trace-links.tsx'
import { SnapshotsLink } from '../transactions/snapshots-link.tsx'

/** One side of a comparison: when, how much, where it ran. */
export function SideCard({
  comparison,
  side,
}: {
  readonly comparison: ReleaseComparison
  readonly side: 'a' | 'b'
}) {
  const { application, service, share } = comparison
  const { name, version, fromMs, toMs, ...own } = comparison[side]
  const filters = { application, service, ...(version === null ? {} : { version }) }
  const range = { fromMs, toMs }
  const part = share && (side === 'b' ? share.value : 1 - share.value)
  const intended = share?.intended == null ? null : side === 'b' ? share.intended : 1 - share.intended
  return (
    <Card
      title={name}
      actions={
        <>
          <TracesLink filters={filters} range={range}>
            Traces
          </TracesLink>
          <TracesLink filters={{ ...filters, sort: 'slowest' }} range={range}>
            Slowest
          </TracesLink>
          <TracesLink filters={{ ...filters, status: 'error' }} range={range}>
            Errors
          </TracesLink>
          <SnapshotsLink
            application={application}
            filters={{ tier: service, ...(version === null ? {} : { version }) }}
            range={rangeSearch(range)}
          >
            Snapshots
          </SnapshotsLink>
        </>
      }
    >
      <KeyValue
        items={[
          ['Time', `${formatDateTime(fromMs)} – ${formatTime(toMs)}`],
          [
            'Calls',
            `${formatCount(Math.round(own.calls))} (${formatRate(own.callsPerMinute)})${
              own.worth < own.calls * 0.99 ? `, sampled: worth ${formatCount(Math.round(own.worth))}` : ''
            }`,
          ],
          [
            'Share of calls',
            part === null
              ? '–'
              : `${formatPercent(part)}${
                  intended === null
                    ? ''
                    : `, intended ${formatPercent(intended)} by ${share?.source === 'label' ? 'label' : 'number of pods'}`
                }`,
          ],
          ['Failed', formatPlural(Math.round(own.errors), 'call')],
          ['Pods', own.pods === 0 ? '–' : formatCount(own.pods)],
          [
            'Restarts',
            own.pods === 0
              ? '–'
              : `${formatCount(own.restarts)}${own.restartReasons.length > 0 ? ` (${own.restartReasons.join(', ')})` : ''}`,
          ],
        ]}
      />
    </Card>
  )
}
