import type { Outcome, ReleaseComparison } from '@binnacle/collector/api/releases'
import { useApi } from '../api.ts'
import { StatusBadge } from '../parts/status-badge.tsx'
import { CompareReleasesLink, type CompareSearch, comparePath } from './compare-link.tsx'
import { outcomeStates, outcomeWords } from './outcome.ts'

export function OutcomeBadge({ outcome }: { readonly outcome: Outcome }) {
  return <StatusBadge state={outcomeStates[outcome]}>{outcomeWords[outcome]}</StatusBadge>
}

interface Props {
  readonly application: string
  readonly service: string
  readonly search: CompareSearch
  readonly range: { readonly from: string; readonly to: string }
}

/** The verdict of a comparison that is computed as it is looked at; leads to its reasons. */
export function Verdict({ application, service, search, range }: Props) {
  const found = useApi<ReleaseComparison>(comparePath(application, service), { ...range, ...search })
  if (found.error) return <span className="quiet">{found.error.message}</span>
  if (!found.data) return <span className="quiet">comparing …</span>
  const { outcome, sentence } = found.data.verdict
  return (
    <CompareReleasesLink application={application} service={service} search={search} className="verdict-line">
      <OutcomeBadge outcome={outcome} />
      <span className="verdict-sentence">{sentence}</span>
    </CompareReleasesLink>
  )
}
