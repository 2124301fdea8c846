import type { SnapshotList } from '@binnacle/collector/api/transactions'
import { formatCount } from '../format.ts'

/** Colours of a chart whose series are reasons. */
export const reasonColors: Readonly<Record<string, string>> = {
  error: '--bad',
  stall: '--stalled',
  'very slow': '--very-slow',
  slow: '--slow',
  periodic: '--done',
}

/** "60 of 60 error, 10 of 312 slow are kept": what one does not see here is said. */
export function keptText(totals: SnapshotList['totals']): string {
  const parts = totals
    .filter(({ all }) => all > 0)
    .map(({ reason, kept, all }) =>
      reason === 'periodic'
        ? `${formatCount(kept)} normal (one a minute)`
        : `${formatCount(kept)} of ${formatCount(all)} ${reason}`,
    )
  return `Kept: ${parts.join(', ')}. Every call is counted, and its trace can be searched.`
}
