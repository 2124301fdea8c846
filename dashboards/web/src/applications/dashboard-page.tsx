import type { ApplicationDashboard } from '@binnacle/collector/api/applications'
import { Link, useNavigate } from '@tanstack/react-router'
import { ViolationsCard } from '../alerts/violations-card.tsx'
import { useApi } from '../api.ts'
import { formatCount, formatDuration, formatPercent, formatPlural, formatRate } from '../format.ts'
import { Card } from '../parts/card.tsx'
import { Chart } from '../parts/chart.tsx'
import { ErrorState } from '../parts/error-state.tsx'
import { Figure } from '../parts/figure.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { CausesCard } from '../root-cause/causes-card.tsx'
import { timeSearch } from '../search-params.ts'
import { rangeSearch, TracesLink } from '../traces/trace-links.tsx'
import { TopTransactions } from '../transactions/top-transactions.tsx'
import { useComparedRange } from '../url-state.ts'
import { ApplicationFrame, useApplication } from './application-page.tsx'
import { ApplicationScorecard } from './application-scorecard.tsx'
import { FlowMapCard } from './flow-map-card.tsx'
import { NoSpansYet } from './no-spans-yet.tsx'
import { TierList } from './tier-list.tsx'

/** What calls what, how much, how fast, how well, in which versions. */
export function ApplicationDashboardPage() {
  const application = useApplication()
  const range = useComparedRange()
  const found = useApi<ApplicationDashboard>(
    `/applications/${encodeURIComponent(application)}/dashboard`,
    range,
  )
  return (
    <ApplicationFrame>
      {found.error ? (
        <ErrorState error={found.error} onRetry={() => found.refetch()} />
      ) : !found.data ? (
        <Skeleton height={640} />
      ) : found.data.application.red.calls === 0 && found.data.tiers.length === 0 ? (
        <NoSpansYet />
      ) : (
        <Dashboard application={application} dashboard={found.data} />
      )}
    </ApplicationFrame>
  )
}

function Dashboard({
  application,
  dashboard,
}: {
  readonly application: string
  readonly dashboard: ApplicationDashboard
}) {
  const { charts, markers, violations, tiers } = dashboard
  const navigate = useNavigate()
  const rowsBehind = (status?: 'error') => (range: { fromMs: number; toMs: number }) =>
    navigate({ to: '/traces', search: { ...rangeSearch(range), application, ...(status ? { status } : {}) } })
  return (
    <>
      <ViolationsCard violations={violations} />
      <div className="application-top">
        <FlowMapCard of={{ application }} height={340} />
        <Card title="Scorecard" hint="calls by class">
          <ApplicationScorecard application={application} />
          <Figures application={application} dashboard={dashboard} />
        </Card>
      </div>
      <div className="application-charts">
        <Card title="Load">
          <Chart chart={charts.load} markers={markers} kind="area" onPoint={rowsBehind()} height={180} />
        </Card>
        <Card title="Response time">
          <Chart
            chart={charts.responseTime}
            markers={markers}
            kind="lines"
            onPoint={rowsBehind()}
            height={180}
          />
        </Card>
        <Card title="Errors">
          <Chart
            chart={charts.errors}
            markers={markers}
            kind="bars"
            tone="bad"
            onPoint={rowsBehind('error')}
            height={180}
          />
        </Card>
      </div>
      <Card
        title="Top transactions"
        hint="what the application spends most time on"
        actions={
          <Link
            to="/applications/$application/transactions"
            params={{ application }}
            search={(previous: Record<string, unknown>) => timeSearch(previous)}
          >
            All transactions
          </Link>
        }
      >
        <TopTransactions application={application} />
      </Card>
      <CausesCard application={application} />
      <Card title="Tiers and versions">
        <TierList application={application} tiers={tiers} />
      </Card>
    </>
  )
}

function Figures({
  application,
  dashboard,
}: {
  readonly application: string
  readonly dashboard: ApplicationDashboard
}) {
  const { red, tiers, nodes } = dashboard.application
  const all = { application }
  const slowest = { application, sort: 'slowest' } as const
  return (
    <div className="figures">
      <Figure label="Calls" value={<TracesLink filters={all}>{formatRate(red.callsPerMinute)}</TracesLink>} />
      <Figure
        label="Response p50"
        value={<TracesLink filters={all}>{formatDuration(red.p50Ms)}</TracesLink>}
      />
      <Figure
        label="Response p95"
        value={<TracesLink filters={slowest}>{formatDuration(red.p95Ms)}</TracesLink>}
      />
      <Figure
        label="Response p99"
        value={<TracesLink filters={slowest}>{formatDuration(red.p99Ms)}</TracesLink>}
      />
      <Figure
        label="Errors"
        tone={red.errors > 0 ? 'bad' : 'quiet'}
        value={<TracesLink filters={{ ...all, status: 'error' }}>{formatPercent(red.errorRatio)}</TracesLink>}
        detail={formatRate(red.errorsPerMinute)}
      />
      <Figure label="Nodes" value={formatCount(nodes)} detail={`in ${formatPlural(tiers, 'tier')}`} />
    </div>
  )
}
