import type { Finding } from '@binnacle/collector/api/objects'
import { useMemo } from 'react'
import { formatCount } from '../format.ts'
import { type Column, DataTable } from '../parts/data-table.tsx'
import { Link } from '../parts/link.tsx'
import { Spark } from '../parts/spark.tsx'
import { StatusBadge } from '../parts/status-badge.tsx'
import { useSearchParams, useSetSearch } from '../url-state.ts'
import { useRowsHref } from './api-figure.tsx'
import { ObjectLink } from './object-link.tsx'
import { ShareBar } from './share-bar.tsx'

interface Props {
  readonly clusterId: string
  readonly findings: readonly Finding[]
}

const order = ['error', 'warning', 'info']
/** The others are in the panel. */
const ownersShown = 3

/** What was found, on how many objects, whose they are, and what to do. */
export function FindingTable({ clusterId, findings }: Props) {
  const { finding } = useSearchParams()
  const set = useSetSearch()
  const href = useRowsHref(clusterId)
  // biome-ignore lint/correctness/useExhaustiveDependencies: addresses follow the URL, which draws anew
  const columns = useMemo(() => findingColumns(clusterId, href), [clusterId, findings])
  return (
    <DataTable
      rows={findings}
      rowKey={(one) => one.id}
      columns={columns}
      selectedKey={finding}
      onOpen={(one) => set({ finding: one.id }, { replace: finding !== undefined })}
    />
  )
}

function findingColumns(clusterId: string, href: (rows: string) => string): readonly Column<Finding>[] {
  return [
    {
      header: 'Severity',
      width: 96,
      sort: (one) => order.indexOf(one.severity),
      cell: (one) => <StatusBadge state={one.severity} />,
    },
    {
      header: 'Finding',
      width: 248,
      sort: (one) => one.title,
      cell: (one) => <b title={one.title}>{one.title}</b>,
    },
    {
      header: 'Objects',
      width: 160,
      numeric: true,
      hint: 'Out of all objects of the kinds it was found on',
      sort: (one) => one.count,
      cell: (one) => (
        <span className="capacity-cell">
          <span>
            {one.count === 0 ? '0' : <Link href={href(one.rows)}>{formatCount(one.count)}</Link>}
            <small>{` of ${formatCount(one.outOf)}`}</small>
          </span>
          <ShareBar value={one.count} outOf={one.outOf} tone="plain" title={`${one.count} of ${one.outOf}`} />
        </span>
      ),
    },
    {
      header: 'Trend',
      width: 168,
      hint: 'Against the start of the time range; counted every five minutes',
      sort: (one) => (one.before === null ? 0 : one.count - one.before),
      cell: (one) => (
        <span className="trend">
          <Trend finding={one} />
          {new Set(one.spark).size > 1 && <Spark points={one.spark} width={64} />}
        </span>
      ),
    },
    {
      header: 'Owners',
      width: 232,
      hint: 'Workloads, those with the most objects first',
      sort: (one) => one.owners[0]?.name ?? '',
      cell: (one) => <Owners clusterId={clusterId} finding={one} />,
    },
    { header: 'What to do', width: 360, cell: (one) => <span title={one.hint}>{one.hint}</span> },
  ]
}

function Trend({ finding: { count, before } }: { readonly finding: Finding }) {
  if (before === null)
    return (
      <span className="quiet" title="It was not counted at the start of the range">
        –
      </span>
    )
  if (before === count) return <span className="quiet">unchanged</span>
  return count > before ? (
    <span className="errors">{`↑ from ${formatCount(before)}`}</span>
  ) : (
    <span>{`↓ from ${formatCount(before)}`}</span>
  )
}

function Owners({
  clusterId,
  finding: { owners, count },
}: {
  readonly clusterId: string
  readonly finding: Finding
}) {
  const more = owners.length - ownersShown
  return (
    <span className="owners">
      {owners.slice(0, ownersShown).map((owner) => (
        <span
          key={`${owner.kind}/${owner.namespace}/${owner.name}`}
          title={`${owner.kind} ${owner.namespace}/${owner.name}`}
        >
          <ObjectLink clusterId={clusterId} of={owner} />
          {count > 1 && owner.count > 1 && <small>{` ×${formatCount(owner.count)}`}</small>}
        </span>
      ))}
      {more > 0 && <span className="quiet">{`+${formatCount(more)}`}</span>}
    </span>
  )
}
