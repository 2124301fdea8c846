import type { TraceDetail, TraceList } from '@binnacle/collector/api/applications'
import { useParams } from '@tanstack/react-router'
import { useMemo } from 'react'
import { type ApiAnswer, useApi } from '../api.ts'
import { formatDateTime, formatDuration, formatPlural } from '../format.ts'
import { Card } from '../parts/card.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { ErrorState } from '../parts/error-state.tsx'
import { Page } from '../parts/page.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { useSearchParams } from '../url-state.ts'
import { CompareFlames } from './compare-flames.tsx'
import { CompareTable, FactTable } from './compare-table.tsx'
import { compareOperations, differingFacts } from './compare-traces.ts'
import { TraceLink, TracesLink } from './trace-links.tsx'
import { type TraceView, viewTrace } from './trace-view.ts'
import { typicalTrace } from './typical-trace.ts'
import './traces.css'
import './compare.css'

/** A typical trace is looked for so far around. */
const aroundMs = 30 * 60_000
const candidatesMax = 200

/** Where this trace spent more or less than another one: `with` in the URL, else a typical one of the same operation. */
export function CompareTracesPage() {
  const { traceId = '' } = useParams({ strict: false }) as { traceId?: string }
  const search = useSearchParams()
  const mine = useTrace(traceId, search['aroundMs'])
  const typical = useTypical(mine.data, search['with'] === undefined)
  const otherId = search['with'] ?? typical.data?.traceId
  const other = useTrace(otherId, search['withAroundMs'] ?? String(typical.data?.startMs ?? ''))
  const views = useMemo(
    () => mine.data && other.data && { mine: viewTrace(mine.data), other: viewTrace(other.data) },
    [mine.data, other.data],
  )
  const error = mine.error ?? typical.error ?? other.error
  return (
    <Page title="Compare two traces">
      {error ? (
        <ErrorState error={error} onRetry={() => [mine, typical, other].map((one) => one.refetch())} />
      ) : typical.none ? (
        <EmptyState title="There is no other trace like this one">
          No trace without errors with the same entry was found within half an hour.{' '}
          <ChooseOther trace={mine.data}>Choose one yourself</ChooseOther>.
        </EmptyState>
      ) : views && mine.data && other.data ? (
        <Comparison
          mine={{ trace: mine.data, view: views.mine }}
          other={{ trace: other.data, view: views.other }}
          typical={search['with'] === undefined}
        />
      ) : (
        <Skeleton height={600} />
      )}
    </Page>
  )
}

function useTrace(traceId: string | undefined, around: string | undefined): ApiAnswer<TraceDetail> {
  const params = around ? { aroundMs: Math.round(Number(around)) } : {}
  return useApi<TraceDetail>(`/traces/${encodeURIComponent(traceId ?? '')}`, params, {
    enabled: traceId !== undefined,
  })
}

/** A trace of the same entry around the same time; `none` once it is known that there is none. */
function useTypical(trace: TraceDetail | undefined, enabled: boolean) {
  const root = useMemo(() => trace && viewTrace(trace).main, [trace])
  const span = root?.type === 'span' ? root.span : undefined
  const startMs = Math.round(trace?.startMs ?? 0)
  const found = useApi<TraceList>(
    '/traces',
    {
      from: startMs - aroundMs,
      to: startMs + aroundMs,
      service: span?.service,
      operation: span?.operation,
      limit: candidatesMax,
    },
    { enabled: enabled && span !== undefined },
  )
  const data = found.data && trace && typicalTrace(sameEntry(found.data.traces, span), trace.traceId)
  return {
    data,
    error: found.error,
    none: enabled && trace !== undefined && (found.data !== undefined || span === undefined) && !data,
    refetch: () => found.refetch(),
  }
}

const sameEntry = (
  traces: TraceList['traces'],
  entry: { readonly service: string; readonly operation: string } | undefined,
) => traces.filter((trace) => trace.rootService === entry?.service && trace.rootOperation === entry.operation)

interface Side {
  readonly trace: TraceDetail
  readonly view: TraceView
}

interface ComparisonProps {
  readonly mine: Side
  readonly other: Side
  readonly typical: boolean
}

function Comparison({ mine, other, typical }: ComparisonProps) {
  const operations = useMemo(() => compareOperations(other.view, mine.view), [mine, other])
  const facts = useMemo(() => differingFacts(other.view, mine.view), [mine, other])
  const otherName = typical ? 'typical trace' : 'other trace'
  return (
    <>
      <div className="compare-heads">
        <Head name="This trace" side={mine} />
        <Head name={typical ? 'Typical trace' : 'Other trace'} side={other} />
      </div>
      <p className="quiet compare-note">
        {typical &&
          'The typical trace has the middle duration of those without errors and with the same entry, half an hour before and after. '}
        <ChooseOther trace={mine.trace}>Choose another trace</ChooseOther>
      </p>
      <Card title="On one scale">
        <CompareFlames
          sides={[
            { name: 'This trace', view: mine.view, traceId: mine.trace.traceId },
            {
              name: typical ? 'Typical trace' : 'Other trace',
              view: other.view,
              traceId: other.trace.traceId,
            },
          ]}
        />
      </Card>
      <Card
        title="Own time by operation"
        hint="Time that no called span covers; the difference is this trace less the other"
      >
        <CompareTable operations={operations} otherName={otherName} />
      </Card>
      {facts.length > 0 && (
        <Card title="What else differs" hint="of the entry, and versions and pods of each tier">
          <FactTable facts={facts} otherName={otherName} />
        </Card>
      )}
    </>
  )
}

function Head({ name, side: { trace, view } }: { readonly name: string; readonly side: Side }) {
  const { main } = view
  const rootMs = main ? main.endMs - main.startMs : 0
  return (
    <Card title={name}>
      <p className="trace-facts">
        <b>{formatDuration(rootMs)}</b>
        <TraceLink traceId={trace.traceId} aroundMs={trace.startMs}>
          {main?.type === 'span' ? `${main.span.service} ${main.span.operation}` : 'no root'}
        </TraceLink>
        <span>{formatDateTime(trace.startMs)}</span>
        <span>{formatPlural(trace.spans.length, 'span')}</span>
        {view.failed.length > 0 && (
          <b className="trace-failed">✕ {formatPlural(view.failed.length, 'error')}</b>
        )}
      </p>
    </Card>
  )
}

/** To the search, whose rows then open the comparison. */
function ChooseOther({
  trace,
  children,
}: {
  readonly trace: TraceDetail | undefined
  readonly children: string
}) {
  if (!trace) return null
  const root = viewTrace(trace).main
  const filters = root?.type === 'span' ? { service: root.span.service, operation: root.span.operation } : {}
  return (
    <TracesLink
      filters={filters}
      range={{ fromMs: trace.startMs - aroundMs, toMs: trace.startMs + aroundMs }}
      compare={{ traceId: trace.traceId, startMs: trace.startMs }}
    >
      {children}
    </TracesLink>
  )
}
