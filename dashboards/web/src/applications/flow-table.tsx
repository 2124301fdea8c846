import type { FlowEdge, FlowMap } from '@binnacle/collector/api/applications'
import { type Column, DataTable } from '../parts/data-table.tsx'
import { type FlowScope, flowFilters } from './flow-filters.ts'
import { nameOfId } from './flow-label.ts'
import { healthRank } from './health.ts'
import { HealthBadge } from './health-badge.tsx'
import { callColumns, redColumns } from './red-columns.tsx'

interface Props {
  readonly map: FlowMap
  readonly of: FlowScope
  readonly onSelect: (id: string) => void
}

/** The edges of the map as rows: the same data for screen readers, small screens and sorting. */
export function FlowTable({ map, of, onSelect }: Props) {
  const filtersOf = (edge: FlowEdge) => flowFilters(of, edge)
  const compared: readonly Column<FlowEdge>[] = [
    {
      header: 'Health',
      width: 190,
      sort: (edge) => healthRank(edge.red),
      cell: (edge) => <HealthBadge red={edge.red} />,
    },
    ...redColumns(filtersOf),
  ]
  return (
    <DataTable
      rows={map.edges}
      rowKey={(edge) => edge.id}
      onOpen={(edge) => onSelect(edge.id)}
      columns={[
        { header: 'From', sort: (edge) => nameOfId(edge.from), cell: (edge) => nameOfId(edge.from) },
        { header: 'To', sort: (edge) => nameOfId(edge.to), cell: (edge) => nameOfId(edge.to) },
        { header: 'Kind', cell: (edge) => (edge.async ? 'asynchronous' : 'synchronous') },
        // What is usual for a transaction's part of an edge is not known.
        ...(of.transaction === undefined ? compared : callColumns(filtersOf)),
      ]}
    />
  )
}
