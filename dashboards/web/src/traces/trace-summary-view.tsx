import { formatDuration, formatPercent, formatPlural } from '../format.ts'
import type { TimeShare, TraceSummary } from './trace-summary.ts'

/** Rows shown of each summary; the rest is added up in one. */
const rowsMax = 6

/** Where the time went, by tier and by kind of work. */
export function TraceSummaryView({ summary }: { readonly summary: TraceSummary }) {
  return (
    <div className="trace-summary">
      <ShareTable title="Time by tier" shares={summary.byTier} />
      <ShareTable title="Time by kind of work" shares={summary.byKind} />
    </div>
  )
}

function ShareTable({ title, shares }: { readonly title: string; readonly shares: readonly TimeShare[] }) {
  const rows = [...shares.slice(0, rowsMax), ...restOf(shares.slice(rowsMax))]
  return (
    <table className="share-table">
      <caption>{title}</caption>
      <thead className="visually-hidden">
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Share</th>
          <th scope="col">Own time</th>
          <th scope="col">Spans</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((one) => (
          <tr key={one.name}>
            <th scope="row" title={one.name}>
              {one.name}
            </th>
            <td className="share-bar">
              <span style={{ width: `${Math.max(100 * one.share, 0.5)}%` }} />
            </td>
            <td>{formatPercent(one.share)}</td>
            <td>{formatDuration(one.selfMs)}</td>
            <td>
              {formatPlural(one.spans, 'span')}
              {one.errors > 0 && <b className="share-errors"> ✕ {one.errors}</b>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function restOf(shares: readonly TimeShare[]): TimeShare[] {
  if (shares.length === 0) return []
  const sum = (of: (share: TimeShare) => number) => shares.reduce((total, share) => total + of(share), 0)
  return [
    {
      name: `${shares.length} others`,
      spans: sum((one) => one.spans),
      errors: sum((one) => one.errors),
      selfMs: sum((one) => one.selfMs),
      share: sum((one) => one.share),
    },
  ]
}
