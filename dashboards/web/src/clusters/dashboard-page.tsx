import type { Capacity, ClusterDashboard } from '@binnacle/collector/api/clusters'
import { useNavigate } from '@tanstack/react-router'
import { useApi } from '../api.ts'
import { formatCount, formatPercent, formatValue } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { Card } from '../parts/card.tsx'
import { Chart, type ChartRange } from '../parts/chart.tsx'
import { Link } from '../parts/link.tsx'
import { useSearchParams, useTimeRange } from '../url-state.ts'
import { ApiFigure, changeOf, useRowsHref } from './api-figure.tsx'
import { CapacityCard } from './capacity-card.tsx'
import { ClusterFrame, useClusterId } from './cluster-frame.tsx'
import { HeatMapCard } from './heat-map-card.tsx'
import { NamespaceChips } from './namespace-chips.tsx'
import { NoNamespaceYet } from './opt-in-hint.tsx'
import { ShareLine } from './share-bar.tsx'

/** The cluster now: problems first, then what is used, totals last, every pod below. */
export function ClusterDashboardPage() {
  const clusterId = useClusterId()
  const { from, to } = useTimeRange()
  const { namespace } = useSearchParams()
  const path = `/clusters/${encodeURIComponent(clusterId)}/dashboard`
  const answer = useApi<ClusterDashboard>(path, { from, to, namespace })
  return (
    <ClusterFrame part="Dashboard">
      <NamespaceChips />
      <AnswerView answer={answer} height={720}>
        {(dashboard) =>
          dashboard.cluster.namespaces === 0 && dashboard.cluster.pods === 0 ? (
            <NoNamespaceYet />
          ) : (
            <Dashboard clusterId={clusterId} dashboard={dashboard} />
          )
        }
      </AnswerView>
    </ClusterFrame>
  )
}

interface Props {
  readonly clusterId: string
  readonly dashboard: ClusterDashboard
}

function Dashboard({ clusterId, dashboard }: Props) {
  return (
    <>
      <Problems clusterId={clusterId} dashboard={dashboard} />
      <IssueCharts clusterId={clusterId} dashboard={dashboard} />
      <CapacityCards clusterId={clusterId} dashboard={dashboard} />
      <Shares clusterId={clusterId} dashboard={dashboard} />
      <HeatMapCard clusterId={clusterId} />
      <Totals clusterId={clusterId} dashboard={dashboard} />
    </>
  )
}

/** What is zero, and was, takes one line together. */
function Problems({ clusterId, dashboard: { problems } }: Props) {
  const href = useRowsHref(clusterId)
  const known = problems.filter((one) => one.value !== null)
  const bad = known.filter((one) => one.value !== 0 || (one.before ?? 0) > 0)
  const fine = known.filter((one) => !bad.includes(one))
  return (
    <Card title="Problems" hint="in this time range and at its end; each leads to its rows">
      {bad.length === 0 && <p>● None: nothing fails, nothing waits, nothing was evicted.</p>}
      <div className="figures figures-6">
        {bad.map((figure) => (
          <ApiFigure key={figure.id} clusterId={clusterId} figure={figure} />
        ))}
      </div>
      {fine.length > 0 && bad.length > 0 && (
        <p className="fine">
          <span>● None of:</span>
          {fine.map((one) => (
            <Link key={one.id} href={href(one.rows)}>
              {one.label}
            </Link>
          ))}
        </p>
      )}
    </Card>
  )
}

const issueColors = {
  'error events': '--bad',
  restarts: '--warn',
  'image errors': '--bad',
  pulls: '--series-1',
  'storage errors': '--bad',
  'quota violations': '--warn',
}

function IssueCharts({ clusterId, dashboard }: Props) {
  const { charts, markers } = dashboard
  const navigate = useNavigate()
  const { namespace } = useSearchParams()
  const events = (search: Record<string, string>) => (range: ChartRange) =>
    navigate({
      to: '/clusters/$clusterId/events',
      params: { clusterId },
      search: {
        ...search,
        ...(namespace ? { namespace } : {}),
        from: String(range.fromMs),
        to: String(range.toMs),
      },
    })
  const all = [
    { title: 'Pod issues', chart: charts.podIssues, search: { severity: 'error' } },
    { title: 'Image issues', chart: charts.imageIssues, search: { category: 'image' } },
    { title: 'Storage and quota issues', chart: charts.storageIssues, search: { category: 'storage,quota' } },
  ]
  return (
    <div className="cluster-grid">
      {all.map(({ title, chart, search }) => (
        <Card key={title} title={title} hint={`per ${stepName(chart.stepMs)}`}>
          <Chart
            chart={chart}
            kind="bars"
            colors={issueColors}
            markers={markers}
            onPoint={events(search)}
            height={128}
          />
        </Card>
      ))}
    </div>
  )
}

function CapacityCards({ clusterId, dashboard: { capacity, markers } }: Props) {
  const all: readonly (readonly [string, Capacity])[] = [
    ['CPU', capacity.cpu],
    ['Memory', capacity.memory],
    ['Pods on nodes', capacity.pods],
  ]
  return (
    <div className="cluster-grid">
      {all.map(([title, one]) => (
        <CapacityCard key={title} clusterId={clusterId} title={title} capacity={one} markers={markers} />
      ))}
    </div>
  )
}

function Shares({ clusterId, dashboard }: Props) {
  return (
    <div className="cluster-grid">
      <Phases clusterId={clusterId} dashboard={dashboard} />
      <Careless clusterId={clusterId} dashboard={dashboard} />
      <Quotas clusterId={clusterId} dashboard={dashboard} />
    </div>
  )
}

const phaseTones: Readonly<Record<string, 'warn' | 'bad'>> = {
  Pending: 'warn',
  Failed: 'bad',
  Unknown: 'warn',
}

function Phases({ clusterId, dashboard: { phases } }: Props) {
  const href = useRowsHref(clusterId)
  const pods = phases.reduce((sum, one) => sum + one.pods, 0)
  return (
    <Card title="Pods by phase">
      <div className="share-list">
        {phases.map(({ phase, pods: count }) => (
          <ShareLine
            key={phase}
            label={phase}
            value={count}
            outOf={pods}
            tone={phaseTones[phase] ?? 'plain'}
            text={`${formatCount(count)} of ${formatCount(pods)}`}
            href={href(`pods?phase=${phase}`)}
          />
        ))}
      </div>
    </Card>
  )
}

function Careless({ clusterId, dashboard: { careless } }: Props) {
  const href = useRowsHref(clusterId)
  return (
    <Card title="Pods set up carelessly" hint="out of all pods">
      <div className="share-list">
        {careless.map((one) => (
          <ShareLine
            key={one.id}
            label={one.label}
            value={one.value ?? 0}
            outOf={one.outOf ?? 0}
            tone={one.tone}
            text={`${formatCount(one.value)} of ${formatCount(one.outOf)}`}
            detail={one.value === one.before ? '' : changeOf(one)}
            href={href(one.rows)}
          />
        ))}
      </div>
    </Card>
  )
}

function Quotas({ clusterId, dashboard: { quotas } }: Props) {
  const href = useRowsHref(clusterId)
  return (
    <Card title="Quotas" hint="used of hard, summed; the fullest beside">
      {quotas.length === 0 && (
        <p className="quiet">
          No namespace that is collected has a ResourceQuota: one team can take the whole cluster.
        </p>
      )}
      <div className="share-list">
        {quotas.map(({ resource, unit, used, hard, fullest }) => (
          <ShareLine
            key={resource}
            label={resource}
            value={used}
            outOf={hard}
            text={`${formatValue(used, unit)} of ${formatValue(hard, unit)}`}
            detail={`${fullest.namespace} ${formatPercent(fullest.ratio)}`}
            href={href('objects?kind=ResourceQuota')}
          />
        ))}
      </div>
    </Card>
  )
}

function Totals({ clusterId, dashboard: { totals } }: Props) {
  return (
    <Card title="Totals">
      <div className="figures figures-6">
        {totals.map((figure) => (
          <ApiFigure key={figure.id} clusterId={clusterId} figure={figure} />
        ))}
      </div>
    </Card>
  )
}

function stepName(stepMs: number): string {
  if (stepMs < 60_000) return `${stepMs / 1000} s`
  return stepMs < 3_600_000 ? `${stepMs / 60_000} min` : `${stepMs / 3_600_000} h`
}
