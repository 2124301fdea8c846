import type { ClusterDashboard } from '@binnacle/collector/api/clusters'
import { useNavigate } from '@tanstack/react-router'
import { useApi } from '../api.ts'
import { formatCount } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { Card } from '../parts/card.tsx'
import { Chart, type ChartRange } from '../parts/chart.tsx'
import { useSearchParams, useTimeRange } from '../url-state.ts'
import { ApiFigure } from './api-figure.tsx'
import { ClusterFrame, useClusterId } from './cluster-frame.tsx'
import { ClusterLink } from './cluster-link.tsx'
import { HeatMapCard } from './heat-map-card.tsx'
import { NamespaceChips } from './namespace-chips.tsx'
import { NoNamespaceYet } from './opt-in-hint.tsx'

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
      <UsageCharts clusterId={clusterId} dashboard={dashboard} />
      <Totals clusterId={clusterId} dashboard={dashboard} />
      <HeatMapCard clusterId={clusterId} />
    </>
  )
}

function Problems({ clusterId, dashboard }: Props) {
  const { problems } = dashboard
  return (
    <Card title="Problems" hint="in this time range, each leads to its rows">
      <div className="figures figures-6">
        <ApiFigure clusterId={clusterId} label="Error events" figure={problems.errorEvents} tone="bad" />
        <ApiFigure
          clusterId={clusterId}
          label="Crash looping pods"
          figure={problems.crashLooping}
          tone="bad"
        />
        <ApiFigure clusterId={clusterId} label="Restarts" figure={problems.restarts} tone="bad" />
        <ApiFigure clusterId={clusterId} label="Evictions" figure={problems.evictions} tone="bad" />
        <ApiFigure clusterId={clusterId} label="Pending pods" figure={problems.pendingPods} tone="warn" />
        <ApiFigure
          clusterId={clusterId}
          label="Longest pending"
          figure={problems.pendingTimeMs}
          tone="warn"
        />
      </div>
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
  const events = (search: Record<string, string>) => (range: ChartRange) =>
    navigate({
      to: '/clusters/$clusterId/events',
      params: { clusterId },
      search: { ...search, from: String(range.fromMs), to: String(range.toMs) },
    })
  const all = [
    { title: 'Pod issues', chart: charts.podIssues, search: { severity: 'error' } },
    { title: 'Image issues', chart: charts.imageIssues, search: { category: 'image' } },
    { title: 'Storage issues', chart: charts.storageIssues, search: { category: 'storage' } },
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

const usageColors = { used: '--series-1', requested: '--series-2', limit: '--series-8' }

function UsageCharts({ dashboard: { charts, markers } }: Props) {
  return (
    <div className="cluster-grid cluster-grid-2">
      <Card title="CPU" hint="used, requested, limit">
        <Chart chart={charts.cpu} colors={usageColors} markers={markers} height={160} />
      </Card>
      <Card title="Memory" hint="used, requested, limit">
        <Chart chart={charts.memory} colors={usageColors} markers={markers} height={160} />
      </Card>
    </div>
  )
}

function Totals({ clusterId, dashboard: { totals, phases } }: Props) {
  const pods = phases.reduce((sum, one) => sum + one.pods, 0)
  return (
    <Card title="Totals">
      <div className="figures figures-5">
        <ApiFigure clusterId={clusterId} label="Namespaces" figure={totals.namespaces} />
        <ApiFigure clusterId={clusterId} label="Pods" figure={totals.pods} />
        <ApiFigure clusterId={clusterId} label="Containers" figure={totals.containers} />
        <ApiFigure clusterId={clusterId} label="Deployments" figure={totals.deployments} />
        <ApiFigure clusterId={clusterId} label="Deployments ready" figure={totals.deploymentsReady} />
        <ApiFigure clusterId={clusterId} label="Replica sets" figure={totals.replicaSets} />
        <ApiFigure clusterId={clusterId} label="Privileged" figure={totals.privileged} tone="warn" />
        <ApiFigure clusterId={clusterId} label="Without limits" figure={totals.noLimits} tone="warn" />
        <ApiFigure
          clusterId={clusterId}
          label="No readiness probe"
          figure={totals.noReadinessProbe}
          tone="warn"
        />
        <ApiFigure
          clusterId={clusterId}
          label="No liveness probe"
          figure={totals.noLivenessProbe}
          tone="warn"
        />
      </div>
      <h3 className="phases-title">Pods by phase</h3>
      <div className="phases" aria-hidden="true">
        {phases.map(({ phase, pods: count }) => (
          <i key={phase} data-phase={phase} style={{ width: `${(count / Math.max(pods, 1)) * 100}%` }} />
        ))}
      </div>
      <div className="phase-list">
        {phases.map(({ phase, pods: count }) => (
          <span key={phase}>
            {phase}{' '}
            <ClusterLink clusterId={clusterId} path="/pods">
              {formatCount(count)}
            </ClusterLink>
          </span>
        ))}
      </div>
    </Card>
  )
}

function stepName(stepMs: number): string {
  if (stepMs < 60_000) return `${stepMs / 1000} s`
  return stepMs < 3_600_000 ? `${stepMs / 60_000} min` : `${stepMs / 3_600_000} h`
}
