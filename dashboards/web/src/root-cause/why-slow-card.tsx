import type { WhySlow } from '@binnacle/collector/api/root-cause'
import { useApi } from '../api.ts'
import { formatDuration, formatPercent } from '../format.ts'
import { Card } from '../parts/card.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { ErrorState } from '../parts/error-state.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { useSearchParams, useSetSearch } from '../url-state.ts'
import './root-cause.css'

/** Which spans of a trace took longer themselves than usual; asked for by a click, as the hour before is read for it. */
export function WhySlowCard({ traceId, aroundMs }: { readonly traceId: string; readonly aroundMs: number }) {
  const asked = useSearchParams()['why'] !== undefined
  const setSearch = useSetSearch()
  return (
    <Card title="Slower than usual">
      {asked ? (
        <SlowSpans traceId={traceId} aroundMs={aroundMs} />
      ) : (
        <p className="cause-ask">
          <button type="button" className="button" onClick={() => setSearch({ why: '1' })}>
            Find slow spans
          </button>{' '}
          <span className="quiet">
            compares the own time of each span with that of its kind in the hour before.
          </span>
        </p>
      )}
    </Card>
  )
}

function SlowSpans({ traceId, aroundMs }: { readonly traceId: string; readonly aroundMs: number }) {
  const setSearch = useSetSearch()
  const found = useApi<WhySlow>(`/traces/${traceId}/why`, { aroundMs: Math.round(aroundMs) })
  if (found.error) return <ErrorState error={found.error} onRetry={() => found.refetch()} />
  if (!found.data) return <Skeleton height={80} />
  const { text, spans } = found.data
  return (
    <>
      <p className="cause-change">{text}</p>
      {spans.length > 0 && (
        <DataTable
          rows={spans}
          rowKey={(span) => span.spanId}
          columns={[
            {
              header: 'Span',
              width: 'min(420px, 50vw)',
              cell: (span) => (
                <button
                  type="button"
                  className="cause-span"
                  title={span.text}
                  onClick={() => setSearch({ span: span.spanId }, { replace: true })}
                >
                  {span.service} {span.operation}
                </button>
              ),
            },
            {
              header: 'Own time',
              numeric: true,
              sort: (span) => span.ownMs,
              cell: (span) => formatDuration(span.ownMs),
            },
            {
              header: 'Usual',
              numeric: true,
              hint: 'Median of its kind in the hour before',
              sort: (span) => span.usualMs,
              cell: (span) => formatDuration(span.usualMs),
            },
            {
              header: 'At most',
              numeric: true,
              hint: 'Beyond it lie outliers: the third quartile and one and a half times the distance of the quartiles',
              sort: (span) => span.usualMaxMs,
              cell: (span) => formatDuration(span.usualMaxMs),
            },
            {
              header: 'Of the excess',
              numeric: true,
              sort: (span) => span.share,
              cell: (span) => formatPercent(span.share),
            },
          ]}
        />
      )}
    </>
  )
}
