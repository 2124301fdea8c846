import type { LatestRelease, LatestReleaseList } from '@binnacle/collector/api/releases'
import { formatAgo, formatDateTime } from '../format.ts'
import { DataTable } from '../parts/data-table.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { CompareReleasesLink } from './compare-link.tsx'
import { versionName } from './outcome.ts'
import { Verdict } from './verdict.tsx'
import './releases.css'

/** The newest versions of all applications, each against the one before it. */
export function LatestReleases({ list }: { readonly list: LatestReleaseList }) {
  if (list.releases.length === 0)
    return (
      <EmptyState title="No release within the last seven days">
        A release is a version of a tier that is called for the first time, beside or after another: set{' '}
        <code>service.version</code>, or the label <code>version</code> of the pods.
      </EmptyState>
    )
  return (
    <DataTable
      rows={list.releases}
      rowKey={(row) => `${row.application}\n${row.service}\n${row.version}`}
      columns={[
        {
          header: 'Release',
          width: 'min(260px, 50vw)',
          cell: (row) => (
            <CompareReleasesLink application={row.application} service={row.service} search={sidesOf(row)}>
              {row.service} <b>{versionName(row.version)}</b>
            </CompareReleasesLink>
          ),
        },
        { header: 'Application', cell: (row) => row.application },
        {
          header: 'First seen',
          numeric: true,
          cell: (row) => <span title={formatDateTime(row.firstSeenMs)}>{formatAgo(row.firstSeenMs)}</span>,
        },
        {
          header: 'Against the version before',
          cell: (row) => (
            <Verdict
              application={row.application}
              service={row.service}
              search={sidesOf(row)}
              range={rangeOf(row)}
            />
          ),
        },
      ]}
    />
  )
}

const sidesOf = (row: LatestRelease) => ({ a: row.previous, b: row.version })

/** A day, from an hour before the release on: what was known of it by then, also when it has been replaced since. */
function rangeOf({ firstSeenMs }: LatestRelease): { from: string; to: string } {
  const hourMs = 3_600_000
  const endMs = Math.min(Date.now(), firstSeenMs + 24 * hourMs)
  return { from: String(firstSeenMs - hourMs), to: String(Math.floor(endMs / 60_000) * 60_000) }
}
