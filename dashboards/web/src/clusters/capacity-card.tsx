import type { Capacity } from '@binnacle/collector/api/clusters'
import type { Marker } from '@binnacle/collector/api/common'
import { formatPercent, formatValue } from '../format.ts'
import { Card } from '../parts/card.tsx'
import { Chart } from '../parts/chart.tsx'
import { Link } from '../parts/link.tsx'
import { useRowsHref } from './api-figure.tsx'
import { ShareBar } from './share-bar.tsx'

interface Props {
  readonly clusterId: string
  readonly title: string
  readonly capacity: Capacity
  readonly markers: readonly Marker[]
}

export const capacityColors = {
  used: '--series-1',
  requested: '--series-2',
  limit: '--series-8',
  'used in all': '--series-3',
  allocatable: '--text',
}

const rowsOf: Readonly<Record<string, string>> = {
  used: 'pods',
  requested: 'workloads',
  limit: 'workloads',
  'used in all': 'nodes',
  allocatable: 'nodes',
}

/** Used, requested and limit against what the nodes can give: as figures, as a bar, over time. */
export function CapacityCard({ clusterId, title, capacity, markers }: Props) {
  const { used, requested, allocatable, unit, chart } = capacity
  const href = useRowsHref(clusterId)
  return (
    <Card title={title} hint={allocatable === null ? 'no node is visible' : 'of collected namespaces'}>
      <div className="capacity">
        {chart.series.map(({ name, points }) => {
          const now = points.findLast((one) => one !== null) ?? null
          const before = points.find((one) => one !== null) ?? null
          return (
            <Link key={name} href={href(rowsOf[name] ?? 'pods')} className="capacity-figure">
              <span className="capacity-name">{name}</span>
              <span className="capacity-value">{formatValue(now, unit)}</span>
              <span className="capacity-name">
                {name !== 'allocatable' && now !== null && allocatable
                  ? formatPercent(now / allocatable)
                  : ''}
              </span>
              <span className="capacity-name" title="against the start of the range">
                {trendOf(now, before, unit)}
              </span>
            </Link>
          )
        })}
      </div>
      {allocatable !== null && (
        <ShareBar
          value={used ?? 0}
          outOf={allocatable}
          {...(requested === null ? {} : { tick: requested })}
          title={`used ${formatValue(used, unit)}${requested === null ? '' : `, requested ${formatValue(requested, unit)}`} of ${formatValue(allocatable, unit)}`}
        />
      )}
      <Chart chart={chart} colors={capacityColors} markers={markers} height={136} />
    </Card>
  )
}

/** What was added since the start of the range; less than a hundredth is nothing. */
function trendOf(now: number | null, before: number | null, unit: string): string {
  if (now === null || before === null || Math.abs(now - before) <= before / 100) return ''
  return `${now > before ? '+' : '−'}${formatValue(Math.abs(now - before), unit)}`
}
