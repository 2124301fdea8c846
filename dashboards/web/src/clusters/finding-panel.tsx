import type { Finding } from '@binnacle/collector/api/objects'
import { formatCount, formatPlural } from '../format.ts'
import { DataTable } from '../parts/data-table.tsx'
import { Link } from '../parts/link.tsx'
import { SidePanel } from '../parts/side-panel.tsx'
import { StatusBadge } from '../parts/status-badge.tsx'
import { useRowsHref } from './api-figure.tsx'
import { ObjectLink } from './object-link.tsx'

interface Props {
  readonly clusterId: string
  readonly finding: Finding
  readonly onClose: () => void
}

/** A finding with all its objects: where, and whose. */
export function FindingPanel({ clusterId, finding, onClose }: Props) {
  const { title, severity, hint, count, outOf, owners, objects } = finding
  const href = useRowsHref(clusterId)
  return (
    <SidePanel title={title} onClose={onClose}>
      <div className="pod-head">
        <StatusBadge state={severity} />
        <span>{`${formatCount(count)} of ${formatCount(outOf)} objects`}</span>
      </div>
      <p>{hint}</p>
      <h3>Whose</h3>
      <div className="chips">
        {owners.map((owner) => (
          <span key={`${owner.kind}/${owner.namespace}/${owner.name}`}>
            <ObjectLink clusterId={clusterId} of={owner}>{`${owner.kind} ${owner.name}`}</ObjectLink>
            <span className="quiet">{` ${owner.namespace} ×${formatCount(owner.count)}`}</span>
          </span>
        ))}
      </div>
      <h3>Where</h3>
      <DataTable
        rows={objects}
        rowKey={(one) => `${one.kind}/${one.namespace}/${one.name}`}
        columns={[
          {
            header: 'Object',
            width: 240,
            sort: (one) => one.name,
            cell: (one) => <ObjectLink clusterId={clusterId} of={one} />,
          },
          {
            header: 'Namespace',
            width: 120,
            sort: (one) => one.namespace,
            cell: (one) => one.namespace || '–',
          },
          {
            header: 'Detail',
            width: 240,
            sort: (one) => one.detail,
            cell: (one) => <span title={one.detail}>{one.detail || '–'}</span>,
          },
        ]}
      />
      <p>
        <Link href={href(finding.rows)}>
          {count > objects.length
            ? `${formatPlural(count - objects.length, 'more object')}: open the list`
            : 'Open the list'}
        </Link>
      </p>
    </SidePanel>
  )
}
