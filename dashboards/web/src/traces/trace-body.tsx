import type { TraceDetail } from '@binnacle/collector/api/applications'
import { useNavigate } from '@tanstack/react-router'
import { Segments } from '../parts/segments.tsx'
import { SidePanel } from '../parts/side-panel.tsx'
import { useSearchParams, useSetSearch } from '../url-state.ts'
import { LogLines, SpanDetails } from './span-details.tsx'
import { traceFiltersToSearch, withAttribute } from './trace-filters.ts'
import { TraceFlame } from './trace-flame.tsx'
import type { TraceView } from './trace-view.ts'
import { TraceWaterfall } from './trace-waterfall.tsx'

interface Props {
  readonly trace: TraceDetail
  readonly view: TraceView
}

const shapes = ['waterfall', 'flame graph'] as const

/** The spans in one of two shapes, the logs below, and the details of the chosen span beside them; all in the URL. */
export function TraceBody({ trace, view }: Props) {
  const search = useSearchParams()
  const setSearch = useSetSearch()
  const navigate = useNavigate()
  const spanKey = search['span']
  const chosen = spanKey === undefined ? undefined : view.byKey.get(spanKey)
  const select = (span: string | undefined) => setSearch({ span }, { replace: true })
  const flame = search['view'] === 'flame'
  const tools = (
    <Segments
      label="Shape"
      values={shapes}
      chosen={flame ? 'flame graph' : 'waterfall'}
      onChoose={(shape) =>
        setSearch({ view: shape === 'flame graph' ? 'flame' : undefined }, { replace: true })
      }
    />
  )
  return (
    <div className={chosen ? 'trace-body trace-body-with-details' : 'trace-body'}>
      <section className="trace-waterfall" aria-label={flame ? 'Flame graph' : 'Waterfall'}>
        {flame ? (
          <TraceFlame view={view} chosen={chosen} onSelect={select} tools={tools} />
        ) : (
          <TraceWaterfall view={view} spanKey={spanKey} onSelect={select} tools={tools} />
        )}
        {trace.logs.length > 0 && (
          <details className="trace-logs">
            <summary>{trace.logs.length === 1 ? '1 log line' : `${trace.logs.length} log lines`}</summary>
            <LogLines logs={trace.logs} startMs={view.startMs} />
          </details>
        )}
      </section>
      {chosen && (
        <SidePanel title="Span" onClose={() => select(undefined)}>
          <SpanDetails
            trace={trace}
            view={view}
            node={chosen}
            onFilter={(key, value) =>
              navigate({ to: '/traces', search: traceFiltersToSearch(withAttribute({}, key, value)) })
            }
          />
        </SidePanel>
      )}
    </div>
  )
}
