import type { ApplicationList } from '@binnacle/collector/api/applications'
import type { ClusterList } from '@binnacle/collector/api/clusters'
import type { LatestReleaseList } from '@binnacle/collector/api/releases'
import type { SloList } from '@binnacle/collector/api/slos'
import type { ViolationList } from '@binnacle/collector/api/violations'
import { Link } from '@tanstack/react-router'
import { ViolationTable } from '../alerts/violation-table.tsx'
import { useApi } from '../api.ts'
import { ClusterTable } from '../clusters/cluster-table.tsx'
import { NoClusterYet } from '../clusters/opt-in-hint.tsx'
import { formatPlural } from '../format.ts'
import { RestartHints } from '../instrumentation/restart-hints.tsx'
import { AnswerView } from '../parts/answer-view.tsx'
import { Card } from '../parts/card.tsx'
import { Page } from '../parts/page.tsx'
import { StatusBadge } from '../parts/status-badge.tsx'
import { LatestReleases } from '../releases/latest-releases.tsx'
import { timeSearch } from '../search-params.ts'
import { SloTable } from '../slos/slo-table.tsx'
import { useTimeRange } from '../url-state.ts'
import { ApplicationTable } from './application-table.tsx'

/** What is broken now, and how everything else is: the page someone opens at night. */
export function HomePage() {
  const { from, to } = useTimeRange()
  const violations = useApi<ViolationList>('/violations', { from, to })
  const clusters = useApi<ClusterList>('/clusters', { from, to })
  const applications = useApi<ApplicationList>('/applications', { from, to })
  const releases = useApi<LatestReleaseList>('/releases', { limit: 5 })
  const slos = useApi<SloList>('/slos')
  return (
    <Page title="Home">
      <Card title="Open violations" actions={<AllLink to="/violations">All violations</AllLink>}>
        <AnswerView answer={violations} height={64}>
          {(list) => <OpenViolations list={list} />}
        </AnswerView>
      </Card>
      <Objectives list={slos.data} />
      <Card title="Clusters" actions={<AllLink to="/clusters">All clusters</AllLink>}>
        <AnswerView answer={clusters} height={96}>
          {(list) =>
            list.clusters.length === 0 ? <NoClusterYet /> : <ClusterTable clusters={list.clusters} />
          }
        </AnswerView>
        <RestartHints />
      </Card>
      <Card title="Applications" actions={<AllLink to="/applications">All applications</AllLink>}>
        <AnswerView answer={applications} height={96}>
          {(list) => <ApplicationTable applications={list.applications} />}
        </AnswerView>
      </Card>
      <Card title="Latest releases">
        <AnswerView answer={releases} height={96}>
          {(list) => <LatestReleases list={list} />}
        </AnswerView>
      </Card>
    </Page>
  )
}

function OpenViolations({ list }: { readonly list: ViolationList }) {
  const open = list.violations.filter((one) => one.closedMs === 0)
  if (open.length > 0) return <ViolationTable violations={open} />
  const closed = list.violations.length
  return (
    <p>
      <StatusBadge state="ok">No health rule is violated now</StatusBadge>
      {closed > 0 && (
        <span className="quiet">{`; ${formatPlural(closed, 'violation')} ended in this time range`}</span>
      )}
    </p>
  )
}

/** Those that are not kept well; all of them are in their applications. */
function Objectives({ list }: { readonly list: SloList | undefined }) {
  const slos = list?.slos ?? []
  const troubled = slos.filter(({ status }) => status.state === 'burning' || status.state === 'exhausted')
  if (slos.length === 0) return null
  return (
    <Card
      title="Objectives"
      hint={`${formatPlural(troubled.length, 'objective')} of ${slos.length} in trouble`}
    >
      {troubled.length > 0 ? (
        <SloTable slos={troubled} />
      ) : (
        <StatusBadge state="ok">No error budget burns too fast</StatusBadge>
      )}
    </Card>
  )
}

function AllLink({ to, children }: { readonly to: string; readonly children: string }) {
  return (
    <Link to={to} search={timeSearch}>
      {children}
    </Link>
  )
}
