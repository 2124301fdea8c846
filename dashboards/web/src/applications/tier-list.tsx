import type { ApplicationDashboard } from '@binnacle/collector/api/applications'
import { formatCount } from '../format.ts'
import { DataTable } from '../parts/data-table.tsx'
import { TracesLink } from '../traces/trace-links.tsx'
import { redColumns } from './red-columns.tsx'
import { VersionShares } from './version-shares.tsx'

type Tier = ApplicationDashboard['tiers'][number]

export function TierList({
  application,
  tiers,
}: {
  readonly application: string
  readonly tiers: readonly Tier[]
}) {
  const filtersOf = (tier: Tier) => ({ application, service: tier.service })
  return (
    <DataTable
      rows={tiers}
      rowKey={(tier) => tier.service}
      columns={[
        {
          header: 'Tier',
          sort: (tier) => tier.service,
          cell: (tier) => <TracesLink filters={filtersOf(tier)}>{tier.service}</TracesLink>,
        },
        {
          header: 'Nodes',
          numeric: true,
          sort: (tier) => tier.nodes,
          cell: (tier) => formatCount(tier.nodes),
        },
        ...redColumns(filtersOf),
        {
          header: 'Versions, by share of calls',
          cell: (tier) => <VersionShares service={tier.service} versions={tier.versions} />,
        },
      ]}
    />
  )
}
