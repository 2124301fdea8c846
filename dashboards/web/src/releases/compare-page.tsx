import type { ReleaseComparison, ReleaseList } from '@binnacle/collector/api/releases'
import { useParams } from '@tanstack/react-router'
import { useApi } from '../api.ts'
import { ApplicationFrame, useApplication } from '../applications/application-page.tsx'
import { AnswerView } from '../parts/answer-view.tsx'
import { Card } from '../parts/card.tsx'
import { Chart } from '../parts/chart.tsx'
import { useSearchParams, useTimeRange } from '../url-state.ts'
import { AspectTable } from './aspect-table.tsx'
import { comparePath } from './compare-link.tsx'
import { DistributionChart } from './distribution-chart.tsx'
import { ExceptionComparison } from './exception-comparison.tsx'
import { OperationComparison } from './operation-comparison.tsx'
import { SideCard } from './side-card.tsx'
import { SidePicker } from './side-picker.tsx'
import { OutcomeBadge } from './verdict.tsx'
import './releases.css'

/** Is this release worse than that one? One sentence, then everything that it is made of. */
export function ComparePage() {
  const application = useApplication()
  const { service = '' } = useParams({ strict: false }) as { service?: string }
  const { from, to } = useTimeRange()
  const { a, b, marker } = useSearchParams()
  const found = useApi<ReleaseComparison>(comparePath(application, service), { from, to, a, b, marker })
  const releases = useApi<ReleaseList>(`/applications/${encodeURIComponent(application)}/releases`, {
    from,
    to,
  })
  const tier = releases.data?.tiers.find((one) => one.service === service)
  return (
    <ApplicationFrame>
      <SidePicker service={service} tier={tier} comparison={found.data} />
      <AnswerView answer={found} height={640}>
        {(comparison) => <Comparison comparison={comparison} />}
      </AnswerView>
    </ApplicationFrame>
  )
}

function Comparison({ comparison }: { readonly comparison: ReleaseComparison }) {
  const { verdict, charts } = comparison
  return (
    <>
      <section className="card verdict" data-outcome={verdict.outcome} aria-label="Verdict">
        <OutcomeBadge outcome={verdict.outcome} />
        <p className="verdict-text">{verdict.sentence}</p>
        {verdict.notes.length > 0 && (
          <ul className="verdict-notes quiet">
            {verdict.notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        )}
      </section>
      <div className="grid grid-2">
        <SideCard comparison={comparison} side="a" />
        <SideCard comparison={comparison} side="b" />
      </div>
      <div className="grid grid-2">
        <Card title="Durations">
          <DistributionChart comparison={comparison} />
        </Card>
        <Card title="p95 over time">
          <Chart chart={charts.p95} height={220} />
        </Card>
      </div>
      <Card title="What was compared">
        <AspectTable comparison={comparison} />
      </Card>
      <Card title="Operations">
        <OperationComparison comparison={comparison} />
      </Card>
      <Card title="Exceptions">
        <ExceptionComparison comparison={comparison} />
      </Card>
      <div className="grid grid-2">
        <Card title="Calls">
          <Chart chart={charts.calls} height={140} />
        </Card>
        <Card title="Failed calls">
          <Chart chart={charts.errors} height={140} />
        </Card>
        <Card title="CPU of a pod">
          <Chart chart={charts.cpu} height={140} />
        </Card>
        <Card title="Memory of a pod">
          <Chart chart={charts.memory} height={140} />
        </Card>
      </div>
    </>
  )
}
