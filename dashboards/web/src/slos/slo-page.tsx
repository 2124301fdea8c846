import type { SloDetail } from '@binnacle/collector/api/slos'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { ApiError, sendApi, useApi, useForgetAnswers } from '../api.ts'
import { ApplicationFrame, useApplication } from '../applications/application-page.tsx'
import { formatCount, formatDuration, formatPercent } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { Card } from '../parts/card.tsx'
import { Chart } from '../parts/chart.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { Figure } from '../parts/figure.tsx'
import { StatusBadge } from '../parts/status-badge.tsx'
import { timeSearch } from '../search-params.ts'
import type { TraceFilters } from '../traces/trace-filters.ts'
import { rangeSearch, TracesLink } from '../traces/trace-links.tsx'
import { alertBadCallsOf } from './slo-draft.ts'
import { formatBurn, formatShare, lastsText, promiseOf, stateOf, subjectOf } from './slo-format.ts'
import './slos.css'

/** One objective: how its budget was spent, day by day, and how fast it burns. */
export function SloPage() {
  const { sloId = '' } = useParams({ strict: false }) as { sloId?: string }
  const answer = useApi<SloDetail>(`/slos/${encodeURIComponent(sloId)}`)
  return (
    <ApplicationFrame>
      <AnswerView answer={answer} height={560}>
        {(detail) => <Objective detail={detail} />}
      </AnswerView>
    </ApplicationFrame>
  )
}

function Objective({ detail }: { readonly detail: SloDetail }) {
  const { slo, days, charts } = detail
  const { definition, status } = slo
  const badge = stateOf(status)
  const navigate = useNavigate()
  const openRows = (range: { fromMs: number; toMs: number }) =>
    navigate({ to: '/traces', search: { ...rangeSearch(range), ...badCalls(definition) } })
  return (
    <div className="slo">
      <Card title={definition.name} actions={<Actions detail={detail} />}>
        <p className="slo-promise">
          <StatusBadge state={badge.state}>{badge.text}</StatusBadge> {subjectOf(definition)}:{' '}
          {promiseOf(definition)}
        </p>
        <Figures detail={detail} />
      </Card>
      <div className="slo-charts">
        <Card title="Error budget left">
          <Chart chart={charts.budget} kind="area" height={180} onPoint={openRows} />
        </Card>
        <Card title="Bad calls">
          <Chart
            chart={charts.bad}
            colors={{ bad: '--bad', allowed: '--text-quiet' }}
            height={180}
            onPoint={openRows}
          />
        </Card>
        <Card title="Burn rate">
          <Chart chart={charts.burn} kind="bars" height={180} onPoint={openRows} />
        </Card>
      </div>
      <Card title="Days" hint="UTC; the first and the last are rarely whole">
        <DataTable
          rows={days.toReversed()}
          rowKey={(day) => String(day.dayMs)}
          columns={[
            { header: 'Day', cell: (day) => new Date(day.dayMs).toISOString().slice(0, 10) },
            {
              header: 'Calls',
              numeric: true,
              sort: (day) => day.total,
              cell: (day) => formatCount(day.total),
            },
            {
              header: 'Bad',
              numeric: true,
              sort: (day) => day.total - day.good,
              cell: (day) => formatCount(Math.round((day.total - day.good) * 100) / 100),
            },
            {
              header: 'SLI',
              numeric: true,
              sort: (day) => day.sli ?? 2,
              cell: (day) => formatShare(day.sli),
            },
            {
              header: 'Budget spent',
              numeric: true,
              sort: (day) => day.spent,
              cell: (day) => formatPercent(day.spent),
            },
          ]}
        />
      </Card>
    </div>
  )
}

/** Which traces the bad calls are in. */
function badCalls({
  application,
  service,
  objective,
  thresholdMs,
}: SloDetail['slo']['definition']): TraceFilters {
  return {
    application,
    ...(service ? { service } : {}),
    ...(objective === 'latency' ? { minMs: thresholdMs } : { status: 'error' }),
  }
}

function Figures({ detail }: { readonly detail: SloDetail }) {
  const { definition, status } = detail.slo
  const { budget, burn, bad, burning } = status
  const spent = budget.left <= 0
  const enough = alertBadCallsOf(definition)
  const burnFigure = (label: string, rate: number, limit: number, badCalls: number) => (
    <Figure
      label={label}
      value={formatBurn(rate)}
      tone={rate > limit && badCalls >= enough ? 'bad' : 'plain'}
      detail={
        rate > limit && badCalls < enough
          ? `limit ${limit}×, but ${formatCount(badCalls)} of ${formatCount(enough)} bad calls`
          : `limit ${limit}×`
      }
    />
  )
  return (
    <div className="figures slo-figures">
      <Figure
        label="SLI"
        value={formatShare(status.sli)}
        detail={`target ${formatShare(definition.target)}`}
        tone={spent ? 'bad' : 'plain'}
      />
      <Figure
        label="Budget left"
        value={formatPercent(Math.max(0, budget.left))}
        detail={spent ? `${formatPercent(1 - budget.left)} spent` : `of ${definition.windowDays} days`}
        tone={spent ? 'bad' : burning ? 'warn' : 'plain'}
      />
      <Figure
        label="Calls left to fail"
        value={formatCount(Math.max(0, Math.floor(budget.leftCalls + 1e-6)))}
        detail={`of ${formatCount(status.total)} calls`}
      />
      <Figure
        label="Time left to fail"
        value={formatDuration(Math.max(0, budget.leftMinutes) * 60_000)}
        detail="with every call bad"
      />
      <Figure label="Lasts" value={lastsText(status)} detail="at the rate of the last hour" />
      {burnFigure('Burn 5 min', burn.m5, 14.4, bad.h1)}
      {burnFigure('Burn 1 h', burn.h1, 14.4, bad.h1)}
      {burnFigure('Burn 15 min', burn.m15, 6, bad.h6)}
      {burnFigure('Burn 6 h', burn.h6, 6, bad.h6)}
    </div>
  )
}

function Actions({ detail }: { readonly detail: SloDetail }) {
  const application = useApplication()
  const navigate = useNavigate()
  const forget = useForgetAnswers()
  const { sloId, version, definition } = detail.slo
  const [asked, setAsked] = useState(false)
  const [problem, setProblem] = useState('')
  async function remove() {
    try {
      await sendApi('DELETE', `/slos/${sloId}?version=${version}`)
      await navigate({ to: '/applications/$application/slos', params: { application } })
      void forget()
    } catch (error) {
      setProblem(error instanceof ApiError ? error.message : String(error))
    }
  }
  return (
    <>
      {problem !== '' && (
        <span className="errors" role="alert">
          {problem}
        </span>
      )}
      <TracesLink filters={badCalls(definition)}>Bad calls as traces</TracesLink>
      <Link
        className="button"
        to="/applications/$application/slos/$sloId/edit"
        params={{ application, sloId }}
        search={timeSearch}
      >
        Edit
      </Link>
      <button type="button" className="button" onClick={() => (asked ? void remove() : setAsked(true))}>
        {asked ? 'Really remove' : 'Remove'}
      </button>
    </>
  )
}
