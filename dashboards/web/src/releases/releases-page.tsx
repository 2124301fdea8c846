import type { ReleaseList, ReleaseTier } from '@binnacle/collector/api/releases'
import { useApi } from '../api.ts'
import { ApplicationFrame, useApplication } from '../applications/application-page.tsx'
import { formatDateTime } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { Card } from '../parts/card.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { useTimeRange } from '../url-state.ts'
import { CompareReleasesLink } from './compare-link.tsx'
import { versionName } from './outcome.ts'
import { ShareChart } from './share-chart.tsx'
import { Verdict } from './verdict.tsx'
import { VersionTable } from './version-table.tsx'
import './releases.css'

/** Which versions of each tier are called, since when, how much; and whether the newest is worse than the one before it. */
export function ReleasesPage() {
  const application = useApplication()
  const { from, to } = useTimeRange()
  const found = useApi<ReleaseList>(`/applications/${encodeURIComponent(application)}/releases`, { from, to })
  return (
    <ApplicationFrame>
      <AnswerView answer={found} height={480}>
        {(list) =>
          list.tiers.length === 0 ? (
            <EmptyState title="No version was called in this time range">
              Choose a longer time range. A version is the resource attribute <code>service.version</code>,
              else the pod's label <code>version</code> or its image's tag.
            </EmptyState>
          ) : (
            byInterest(list.tiers).map((tier) => <Tier key={tier.service} tier={tier} list={list} />)
          )
        }
      </AnswerView>
    </ApplicationFrame>
  )
}

/** Tiers with something to compare first. */
const byInterest = (tiers: readonly ReleaseTier[]) =>
  tiers.toSorted(
    (x, y) =>
      Number(y.versions.length > 1) - Number(x.versions.length > 1) || y.rollouts.length - x.rollouts.length,
  )

function Tier({ tier, list }: { readonly tier: ReleaseTier; readonly list: ReleaseList }) {
  const application = useApplication()
  const range = useTimeRange()
  const [newest, previous] = tier.versions
  return (
    <Card title={tier.service}>
      {newest && previous && (
        <Verdict
          application={application}
          service={tier.service}
          search={{ a: previous.version, b: newest.version }}
          range={{ from: range.from, to: range.to }}
        />
      )}
      <div className={tier.versions.length > 1 ? 'release-tier' : undefined}>
        <VersionTable service={tier.service} versions={tier.versions} />
        {tier.versions.length > 1 && <ShareChart tier={tier} list={list} />}
      </div>
      {tier.rollouts.length > 0 && (
        <ul className="rollouts">
          {tier.rollouts.slice(0, 5).map((one) => (
            <li key={`${one.timeMs} ${one.name}`}>
              <span className="quiet">{formatDateTime(one.timeMs)}</span> {one.title}{' '}
              <CompareReleasesLink
                application={application}
                service={tier.service}
                search={{ marker: String(one.timeMs) }}
              >
                before and after
              </CompareReleasesLink>
            </li>
          ))}
          {tier.rollouts.length > 5 && <li className="quiet">{`and ${tier.rollouts.length - 5} earlier`}</li>}
        </ul>
      )}
      {tier.versions.length === 1 && (
        <p className="quiet release-alone">
          {`${versionName(newest?.version ?? '')} is the only version in this time range; a longer one may hold another to compare it with.`}
        </p>
      )}
    </Card>
  )
}
