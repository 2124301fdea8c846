import type { SpanRow, TraceDetail } from '@binnacle/collector/api/applications'
import { formatDuration, formatPercent } from '../format.ts'
import { AttributeTable } from './attribute-table.tsx'
import { SpanEvents } from './span-events.tsx'
import { PodLink, TraceLink, TracesLink } from './trace-links.tsx'
import { kindOfWork, selfTimeMs } from './trace-summary.ts'
import type { TraceNode } from './trace-tree.ts'
import type { TraceView } from './trace-view.ts'

interface Props {
  readonly trace: TraceDetail
  readonly view: TraceView
  readonly node: TraceNode
  readonly onFilter: (key: string, value: string) => void
}

/** Everything that is known about one span. */
export function SpanDetails({ trace, view, node, onFilter }: Props) {
  if (node.type === 'missing') return <MissingSpan spanId={node.spanId} count={node.children.length} />
  const { span } = node
  const logs = trace.logs.filter((log) => log.spanId === span.spanId)
  return (
    <div className="span-details">
      <h2>{span.operation}</h2>
      <p className="span-subtitle">
        <TracesLink filters={{ service: span.service }}>{span.service}</TracesLink>
        {span.version && (
          <>
            {' '}
            <TracesLink filters={{ service: span.service, version: span.version }}>{span.version}</TracesLink>
          </>
        )}
        {` · ${kindOfWork(span)}${span.peer ? ` → ${span.peer}` : ''}`}
      </p>
      {span.status === 'error' && (
        <p className="span-failure">
          <b>✕ error</b> {span.statusMessage}
        </p>
      )}
      <Times view={view} node={node} />
      <p className="span-links">
        <TracesLink filters={{ service: span.service, operation: span.operation }}>
          Traces of this operation
        </TracesLink>
        <SpanPod span={span} resource={trace.resources[span.resourceId]} />
      </p>
      <SpanEvents span={span} />
      {logs.length > 0 && (
        <section>
          <h3>Logs</h3>
          <LogLines logs={logs} startMs={view.startMs} />
        </section>
      )}
      <section>
        <h3>Attributes</h3>
        <AttributeTable attributes={span.attributes} onFilter={onFilter} />
      </section>
      {span.links.length > 0 && (
        <section>
          <h3>Links</h3>
          <ul className="span-link-list">
            {span.links.map((link) => (
              <li key={`${link.traceId}${link.spanId}`}>
                <TraceLink traceId={link.traceId} aroundMs={span.startMs} spanId={link.spanId}>
                  {`trace ${link.traceId.slice(0, 8)}…, span ${link.spanId}`}
                </TraceLink>
              </li>
            ))}
          </ul>
        </section>
      )}
      <section>
        <h3>Resource</h3>
        <AttributeTable attributes={trace.resources[span.resourceId] ?? {}} />
      </section>
      <section>
        <h3>Identity</h3>
        <AttributeTable
          attributes={{
            'span id': span.spanId,
            'parent span id': span.parentSpanId || 'none: a root',
            scope: span.scope,
            kind: span.kind,
          }}
        />
      </section>
    </div>
  )
}

function Times({
  view,
  node,
}: {
  readonly view: TraceView
  readonly node: TraceNode & { readonly type: 'span' }
}) {
  const criticalMs = (view.critical.get(node.key) ?? []).reduce(
    (sum, one) => sum + one.endMs - one.startMs,
    0,
  )
  const rootMs = view.main ? view.main.endMs - view.main.startMs : 0
  const facts: [name: string, value: string][] = [
    ['Duration', formatDuration(node.span.durationMs)],
    ['Starts after', formatDuration(node.startMs - view.startMs)],
    ['Own time', formatDuration(selfTimeMs(node))],
    [
      'Critical path',
      criticalMs > 0 && rootMs > 0
        ? `${formatDuration(criticalMs)} (${formatPercent(criticalMs / rootMs)})`
        : 'not on it',
    ],
  ]
  return (
    <>
      <dl className="span-times">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {node.span.clamped && (
        <p className="trace-quiet">The sender's clock was off: the start was set to the time of receipt.</p>
      )}
    </>
  )
}

function SpanPod({
  span,
  resource = {},
}: {
  readonly span: SpanRow
  readonly resource: Readonly<Record<string, string>> | undefined
}) {
  const clusterId = resource['k8s.cluster.uid']
  if (!span.pod) return null
  if (!clusterId) return <TracesLink filters={{ pod: span.pod }}>{`Traces of pod ${span.pod}`}</TracesLink>
  return (
    <PodLink
      clusterId={clusterId}
      pod={resource['k8s.pod.uid'] ?? `${span.namespace}/${span.pod}`}
      atMs={span.startMs}
    >
      This pod at that moment
    </PodLink>
  )
}

export function LogLines({
  logs,
  startMs,
}: {
  readonly logs: TraceDetail['logs']
  readonly startMs: number
}) {
  return (
    <ol className="log-lines">
      {logs.map((log) => (
        <li key={`${log.timeMs}${log.spanId}${log.body}`} data-severity={log.severity.toLowerCase()}>
          <span className="log-time">+{formatDuration(log.timeMs - startMs)}</span>{' '}
          <b>{log.severity || 'LOG'}</b> <span className="log-service">{log.service}</span> {log.body}
        </li>
      ))}
    </ol>
  )
}

function MissingSpan({ spanId, count }: { readonly spanId: string; readonly count: number }) {
  return (
    <div className="span-details">
      <h2>Parent span not stored (yet)</h2>
      <p>
        {`${count === 1 ? 'One span names' : `${count} spans name`} ${spanId} as parent, but no such span was received. It may still be on its way, or its sender is in a namespace that is not collected, or it was sampled out.`}
      </p>
    </div>
  )
}
