import type { Scorecard as ScorecardAnswer } from '@binnacle/collector/api/transactions'
import { useApi } from '../api.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { useTimeRange } from '../url-state.ts'
import { Scorecard } from './scorecard.tsx'

/** Classes of the calls that enter the application. */
export function ApplicationScorecard({ application }: { readonly application: string }) {
  const { from, to } = useTimeRange()
  const answer = useApi<ScorecardAnswer>(`/applications/${encodeURIComponent(application)}/scorecard`, {
    from,
    to,
  })
  return (
    <AnswerView answer={answer} height={130}>
      {({ scorecards: [whole] }) =>
        whole ? (
          <Scorecard classes={whole.classes} application={application} />
        ) : (
          <p className="quiet">No call in this time range.</p>
        )
      }
    </AnswerView>
  )
}
