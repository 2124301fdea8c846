import type { SloList } from '@binnacle/collector/api/slos'
import { Link } from '@tanstack/react-router'
import { useApi } from '../api.ts'
import { ApplicationFrame, useApplication } from '../applications/application-page.tsx'
import { formatPlural } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { Card } from '../parts/card.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { timeSearch } from '../search-params.ts'
import { SloTable } from './slo-table.tsx'

/** What is promised of an application, and how it is kept now. */
export function SlosPage() {
  const application = useApplication()
  const answer = useApi<SloList>(`/applications/${encodeURIComponent(application)}/slos`)
  const add = (
    <Link
      className="button"
      to="/applications/$application/slos/new"
      params={{ application }}
      search={timeSearch}
    >
      New objective
    </Link>
  )
  return (
    <ApplicationFrame>
      <AnswerView answer={answer} height={240}>
        {({ slos }) =>
          slos.length === 0 ? (
            <EmptyState title="Nothing is promised yet">
              <p>
                A service-level objective says how many calls shall be good: without error, or fast enough.
                From then on the error budget is counted, and a violation tells when it burns too fast.
              </p>
              <p>{add}</p>
            </EmptyState>
          ) : (
            <Card title={formatPlural(slos.length, 'objective')} hint="as of now" actions={add}>
              <SloTable slos={slos} />
            </Card>
          )
        }
      </AnswerView>
    </ApplicationFrame>
  )
}
