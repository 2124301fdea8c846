import type { VersionShare } from '@binnacle/collector/api/applications'
import { formatDuration, formatPercent } from '../format.ts'
import { TracesLink } from '../traces/trace-links.tsx'

/** The versions of a tier with their share of the calls; each leads to its traces. */
export function VersionShares({
  service,
  versions,
}: {
  readonly service: string
  readonly versions: readonly VersionShare[]
}) {
  if (versions.length === 0) return <span className="quiet">no version reported</span>
  return (
    <ul className="version-shares">
      {versions.map((one) => (
        <li key={one.version}>
          <TracesLink filters={{ service, version: one.version }}>
            <span className="version-name" title={one.version}>
              {one.version || 'no version'}
            </span>
          </TracesLink>
          <span className="version-bar" aria-hidden="true">
            <i style={{ width: `${100 * one.share}%` }} />
          </span>
          <span className="version-number">{formatPercent(one.share)}</span>
          <span className="version-number">
            {one.p95Ms === null ? '–' : `p95 ${formatDuration(one.p95Ms)}`}
          </span>
          <span className="version-number">
            {one.errors > 0 ? (
              <TracesLink filters={{ service, version: one.version, status: 'error' }} className="errors">
                {`✕ ${formatPercent(one.errors / Math.max(one.calls, 1))}`}
              </TracesLink>
            ) : (
              <span className="quiet">0 errors</span>
            )}
          </span>
        </li>
      ))}
    </ul>
  )
}
