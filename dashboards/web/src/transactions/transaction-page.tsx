import type { TransactionAnatomy } from '@binnacle/collector/api/anatomy'
import type { SnapshotList, TransactionDetail } from '@binnacle/collector/api/transactions'
import type { ViolationList } from '@binnacle/collector/api/violations'
import { Link, useNavigate } from '@tanstack/react-router'
import { ViolationsCard } from '../alerts/violations-card.tsx'
import { useApi } from '../api.ts'
import { ApplicationFrame, useApplication } from '../applications/application-page.tsx'
import { FlowMapCard } from '../applications/flow-map-card.tsx'
import { Scorecard } from '../applications/scorecard.tsx'
import { VersionShares } from '../applications/version-shares.tsx'
import { formatAgo, formatCount, formatDuration, formatPercent, formatRate } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { Card } from '../parts/card.tsx'
import { Chart } from '../parts/chart.tsx'
import { Figure } from '../parts/figure.tsx'
import { CausesCard } from '../root-cause/causes-card.tsx'
import { timeSearch } from '../search-params.ts'
import { rangeSearch, TracesLink } from '../traces/trace-links.tsx'
import { useComparedRange, useSearchParams } from '../url-state.ts'
import { AnatomyTable } from './anatomy-table.tsx'
import { ClassChart } from './class-chart.tsx'
import { SampleErrors, SampleNodes } from './sample-tables.tsx'
import { SnapshotTable } from './snapshot-table.tsx'
import { SnapshotsLink } from './snapshots-link.tsx'
import { thresholdText } from './threshold-text.ts'
import type { TransactionKey } from './transaction-links.tsx'
import './transactions.css'

const snapshotsShown = 20

/** One business transaction: how many calls, how long, which class, where the time goes, which calls are worth a look. */
export function TransactionPage() {
  const application = useApplication()
  const range = useComparedRange()
  const search = useSearchParams()
  const key = { application, service: search['tier'] ?? '', transaction: search['name'] ?? '' }
  const path = `/applications/${encodeURIComponent(application)}`
  const asked = { service: key.service, transaction: key.transaction }
  const answer = useApi<TransactionDetail>(`${path}/transaction`, { ...range, ...asked })
  return (
    <ApplicationFrame>
      <p className="transaction-head">
        <Link
          to="/applications/$application/transactions"
          params={{ application }}
          search={(previous: Record<string, unknown>) => timeSearch(previous)}
        >
          Transactions
        </Link>
        <h2>{key.transaction}</h2>
        <span className="quiet">{`enters by ${key.service}`}</span>
      </p>
      <AnswerView answer={answer} height={640}>
        {(detail) => <Dashboard of={key} detail={detail} />}
      </AnswerView>
    </ApplicationFrame>
  )
}

function Dashboard({ of, detail }: { readonly of: TransactionKey; readonly detail: TransactionDetail }) {
  const { transaction, charts, threshold, versions, sample } = detail
  const navigate = useNavigate()
  const filters = { tier: of.service, transaction: of.transaction }
  const behind = (reason?: string) => (range: { fromMs: number; toMs: number }) =>
    navigate({
      to: '/applications/$application/snapshots',
      params: { application: of.application },
      search: { ...rangeSearch(range), ...filters, ...(reason ? { reason } : {}) },
    })
  return (
    <>
      <Violations of={of} />
      <div className="transaction-top">
        <Card title="Calls and response time" hint={thresholdText(threshold)}>
          <ClassChart classes={charts.classes} responseTime={charts.responseTime} onPoint={behind()} />
        </Card>
        <Card title="Scorecard">
          <Scorecard classes={transaction.classes} application={of.application} filters={filters} />
          <Figures detail={detail} of={of} />
        </Card>
      </div>
      <div className="application-charts">
        <Card title="Load">
          <Chart chart={charts.load} kind="area" height={180} onPoint={behind()} />
        </Card>
        <Card title="Response time">
          <Chart chart={charts.responseTime} height={180} onPoint={behind()} />
        </Card>
        <Card title="Errors">
          <Chart chart={charts.errors} kind="bars" tone="bad" height={180} onPoint={behind('error')} />
        </Card>
      </div>
      <FlowMapCard
        of={{ application: of.application, tier: of.service, transaction: of.transaction }}
        height={340}
      />
      <Card title="Where the time goes" hint="own time of each tier and backend in one call, mean">
        <Anatomy of={of} />
      </Card>
      <CausesCard application={of.application} service={of.service} transaction={of.transaction} />
      <div className="transaction-charts">
        <Card title="Versions" hint="by share of calls">
          <VersionShares service={of.service} versions={versions} />
        </Card>
        <Card title="Pods" hint={sampledText(sample)}>
          <SampleNodes application={of.application} service={of.service} nodes={sample.nodes} />
        </Card>
      </div>
      {sample.errors.length > 0 && (
        <Card title="Failures on the way" hint={sampledText(sample)}>
          <SampleErrors errors={sample.errors} aroundMs={sample.toMs} />
        </Card>
      )}
      <Card
        title="Kept calls"
        actions={
          <SnapshotsLink application={of.application} filters={filters}>
            All snapshots of this transaction
          </SnapshotsLink>
        }
      >
        <Snapshots of={of} />
      </Card>
    </>
  )
}

function Figures({
  detail: { transaction },
  of,
}: {
  readonly detail: TransactionDetail
  readonly of: TransactionKey
}) {
  const { red, share, firstSeenMs } = transaction
  const filters = { tier: of.service, transaction: of.transaction }
  return (
    <div className="figures transaction-figures">
      <Figure
        label="Calls"
        value={
          <TracesLink
            filters={{ application: of.application, entry: of.service, transaction: of.transaction }}
          >
            {formatRate(red.callsPerMinute)}
          </TracesLink>
        }
        detail={`${formatPercent(share)} of the application's`}
      />
      <Figure label="Mean" value={formatDuration(red.meanMs)} detail={`p50 ${formatDuration(red.p50Ms)}`} />
      <Figure
        label="p95"
        value={
          <SnapshotsLink application={of.application} filters={{ ...filters, sort: 'slowest' }}>
            {formatDuration(red.p95Ms)}
          </SnapshotsLink>
        }
        detail={`longest ${formatDuration(red.maxMs)}`}
      />
      <Figure
        label="First seen"
        value={firstSeenMs === null ? 'just now' : formatAgo(firstSeenMs)}
        detail={`${formatCount(red.calls)} calls here`}
      />
    </div>
  )
}

function Violations({ of: { application, service, transaction } }: { readonly of: TransactionKey }) {
  const { from, to } = useComparedRange()
  const answer = useApi<ViolationList>('/violations', { from, to, application, service, transaction })
  return <ViolationsCard violations={answer.data?.violations ?? []} />
}

function Anatomy({ of }: { readonly of: TransactionKey }) {
  const { from, to } = useComparedRange()
  const answer = useApi<TransactionAnatomy>(
    `/applications/${encodeURIComponent(of.application)}/transaction-anatomy`,
    { from, to, service: of.service, transaction: of.transaction },
  )
  return (
    <AnswerView answer={answer} height={180}>
      {(anatomy) => <AnatomyTable anatomy={anatomy} />}
    </AnswerView>
  )
}

function Snapshots({ of }: { readonly of: TransactionKey }) {
  const { from, to } = useComparedRange()
  const answer = useApi<SnapshotList>('/snapshots', {
    from,
    to,
    application: of.application,
    service: of.service,
    transaction: of.transaction,
    reason: '!periodic',
    limit: snapshotsShown,
  })
  return (
    <AnswerView answer={answer} height={240}>
      {({ snapshots }) =>
        snapshots.length === 0 ? (
          <p className="quiet">No call failed or was slow in this time range.</p>
        ) : (
          <SnapshotTable snapshots={snapshots} />
        )
      }
    </AnswerView>
  )
}

function sampledText({ traces, truncated, fromMs, toMs }: TransactionDetail['sample']): string {
  const minutes = Math.round((toMs - fromMs) / 60_000)
  return `of the last ${minutes === 1 ? 'minute' : `${minutes} minutes`}${truncated ? `, from ${formatCount(traces)} traces` : ''}`
}
