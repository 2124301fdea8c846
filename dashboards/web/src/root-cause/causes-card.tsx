import type { HintList } from '@binnacle/collector/api/root-cause'
import { useApi } from '../api.ts'
import { Card } from '../parts/card.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { ErrorState } from '../parts/error-state.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { useSearchParams, useSetSearch, useTimeRange } from '../url-state.ts'
import { HintItem } from './hint-item.tsx'
import { referenceOf, references } from './references.ts'
import './root-cause.css'

interface Props {
  readonly application: string
  /** One business transaction and its entry tier; without: all requests. */
  readonly service?: string
  readonly transaction?: string
}

/**
 * What changed with the application or one transaction in the time of the page, the likeliest cause first. Asked for by a
 * click, since whole traces are read for it; that it is open, and what the time is compared with, is in the URL.
 */
export function CausesCard({ application, service, transaction }: Props) {
  const search = useSearchParams()
  const setSearch = useSetSearch()
  const asked = search['causes'] !== undefined
  const chosen = references.find((one) => one.id === search['causes']) ?? references[0]
  return (
    <Card
      title="Likely causes"
      hint={asked ? 'the time of this page against a reference' : ''}
      actions={
        asked && (
          <label className="cause-reference">
            compared with{' '}
            <select
              value={chosen?.id}
              onChange={(event) => setSearch({ causes: event.target.value }, { replace: true })}
            >
              {references.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.label}
                </option>
              ))}
            </select>
          </label>
        )
      }
    >
      {asked && chosen ? (
        <Causes {...{ application, service, transaction }} reference={chosen.id} />
      ) : (
        <p className="cause-ask">
          <button type="button" className="button" onClick={() => setSearch({ causes: references[0]?.id })}>
            Find causes
          </button>{' '}
          <span className="quiet">
            ranks what changed with slow or failing requests of this time: tiers, backends, pods, versions and
            events. Drag over a chart first to look at the bad minutes only.
          </span>
        </p>
      )}
    </Card>
  )
}

function Causes({
  application,
  service,
  transaction,
  reference,
}: {
  readonly application: string
  readonly service: string | undefined
  readonly transaction: string | undefined
  readonly reference: string
}) {
  const range = useTimeRange()
  const found = useApi<HintList>(`/applications/${encodeURIComponent(application)}/hints`, {
    from: range.from,
    to: range.to,
    service,
    transaction,
    ...referenceOf(reference, range),
  })
  if (found.error) return <ErrorState error={found.error} onRetry={() => found.refetch()} />
  if (!found.data) return <Skeleton height={160} />
  const { change, hints, sampled } = found.data
  const most = Math.max(...hints.map((hint) => hint.score), 1e-9)
  return (
    <div className={found.dimmed ? 'dimmed' : undefined}>
      <p className="cause-change">{change.text}</p>
      {hints.length === 0 ? (
        <EmptyState title="Nothing changed beyond chance">
          No tier, backend, pod, version or event stands out against the reference. Narrow the time to the bad
          minutes, or compare with another time.
        </EmptyState>
      ) : (
        <ol className="cause-list">
          {hints.map((hint) => (
            <HintItem key={hint.node} {...{ application, hint, most }} range={found.data?.range} />
          ))}
        </ol>
      )}
      <p className="quiet cause-note">
        {noteOf(sampled)} Figures are what surely changed: three standard errors nearer to the usual than what
        was measured.
      </p>
    </div>
  )
}

function noteOf({ range, reference }: HintList['sampled']): string {
  if (range === 1 && reference === 1) return 'From all traces.'
  const of = (sample: number) => (sample === 1 ? 'all traces' : `one trace in ${sample}`)
  return `From ${of(range)} of this time and ${of(reference)} of the reference.`
}
