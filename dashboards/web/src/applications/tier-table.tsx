import type { TierRow } from '@binnacle/collector/api/tiers'
import { formatCount } from '../format.ts'
import { MaybeClassBar } from '../parts/class-bar.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { Spark } from '../parts/spark.tsx'
import { redColumns } from './red-columns.tsx'
import { useClasses } from './use-classes.ts'
import { VersionShares } from './version-shares.tsx'

interface Props {
  readonly application: string
  readonly tiers: readonly TierRow[]
  readonly chosen: string | undefined
  readonly onChoose: (service: string) => void
}

export function TierTable({ application, tiers, chosen, onChoose }: Props) {
  const classesOf = useClasses(application, 'tier')
  return (
    <DataTable
      rows={tiers}
      rowKey={(tier) => tier.service}
      selectedKey={chosen}
      onOpen={(tier) => onChoose(tier.service)}
      columns={[
        {
          header: 'Tier',
          sort: (tier) => tier.service,
          cell: (tier) => tier.service,
        },
        {
          header: 'Nodes',
          numeric: true,
          sort: (tier) => tier.nodes.length,
          cell: (tier) => formatCount(tier.nodes.length),
        },
        ...redColumns<TierRow>((tier) => ({ application, service: tier.service })),
        {
          header: 'Classes',
          width: 110,
          hint: 'Calls that were normal, slow, very slow, stalled, failed',
          cell: ({ service }) => <MaybeClassBar classes={classesOf({ service })} />,
        },
        { header: 'Calls over time', cell: (tier) => <Spark points={tier.spark} /> },
        {
          header: 'Versions, by share of calls',
          cell: (tier) => <VersionShares service={tier.service} versions={tier.versions} />,
        },
      ]}
    />
  )
}
