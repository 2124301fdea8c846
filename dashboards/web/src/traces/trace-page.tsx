import type { TraceDetail } from '@binnacle/collector/api/applications'
import { useParams } from '@tanstack/react-router'
import { useMemo } from 'react'
import { useApi } from '../api.ts'
import { formatDateTime, formatDuration, formatPlural } from '../format.ts'
import { CopyButton } from '../parts/copy-button.tsx'
import { ErrorState } from '../parts/error-state.tsx'
import { Page } from '../parts/page.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { WhySlowCard } from '../root-cause/why-slow-card.tsx'
import { TraceTransactions } from '../transactions/trace-transactions.tsx'
import { useSearchParams } from '../url-state.ts'
import { TraceBody } from './trace-body.tsx'
import { CompareLink } from './trace-links.tsx'
import { TraceSummaryView } from './trace-summary-view.tsx'
import { type TraceView, viewTrace } from './trace-view.ts'
import './traces.css'

/** One trace: summary, waterfall or flame graph, details of the chosen span. */
export function TracePage() {
  const { traceId = '' } = useParams({ strict: false }) as { traceId?: string }
  const search = useSearchParams()
  const found = useApi<TraceDetail>(`/traces/${encodeURIComponent(traceId)}`, {
    aroundMs: search['aroundMs'],
  })
  const view = useMemo(() => found.data && viewTrace(found.data), [found.data])

  if (found.error) {
    return (
      <Page title="Trace">
        <ErrorState error={found.error} onRetry={() => found.refetch()} />
      </Page>
    )
  }
  if (!found.data || !view) {
    return (
      <Page title="Trace">
        <Skeleton height={600} />
      </Page>
    )
  }
  return (
    <Page title={titleOf(view)}>
      <TraceFacts trace={found.data} view={view} />
      <TraceSummaryView summary={view.summary} />
      <WhySlowCard traceId={found.data.traceId} aroundMs={found.data.startMs} />
      <TraceBody key={traceId} trace={found.data} view={view} />
    </Page>
  )
}

function TraceFacts({ trace, view }: { readonly trace: TraceDetail; readonly view: TraceView }) {
  const rootMs = view.main ? view.main.endMs - view.main.startMs : 0
  const lengthMs = view.endMs - view.startMs
  const tiers = view.summary.byTier.length
  return (
    <p className="trace-facts">
      <span>
        <b>{formatDuration(rootMs)}</b> answered
        {lengthMs > rootMs * 1.01 && `, ${formatDuration(lengthMs)} with what ran after it`}
      </span>
      <span>{formatDateTime(view.startMs)}</span>
      <span>{formatPlural(trace.spans.length, 'span')}</span>
      <span>{formatPlural(tiers, 'tier')}</span>
      {view.failed.length > 0 && (
        <b className="trace-failed">✕ {formatPlural(view.failed.length, 'error')}</b>
      )}
      {trace.orphans > 0 && <span>{trace.orphans} without their parent</span>}
      {view.skews.length > 0 && <span title={skewTitle(view)}>{skewText(view)}</span>}
      {trace.truncated && <span>the trace has more spans than are shown</span>}
      <span className="trace-id">
        <code>{trace.traceId}</code>
        <CopyButton text={trace.traceId} label="Copy the trace id" />
      </span>
      <TraceTransactions traceId={trace.traceId} startMs={trace.startMs} />
      <CompareLink traceId={trace.traceId} aroundMs={trace.startMs}>
        Compare with a typical trace
      </CompareLink>
    </p>
  )
}

/** Said, since what is shown is not what was sent. */
function skewText({ skews }: TraceView): string {
  const [first] = skews
  return skews.length === 1 && first
    ? `clock of ${first.service} mended by ${formatDuration(Math.abs(first.movedMs))}`
    : `clocks of ${skews.length} hosts mended`
}

const skewTitle = ({ skews }: TraceView) =>
  skews
    .map(
      ({ service, pod, movedMs }) => `${service} ${pod}: ${movedMs > 0 ? '+' : ''}${formatDuration(movedMs)}`,
    )
    .join('\n')

function titleOf({ main }: TraceView): string {
  if (!main) return 'Trace'
  if (main.type === 'missing') return 'Trace with a missing root'
  return `${main.span.service} ${main.span.operation}`
}
