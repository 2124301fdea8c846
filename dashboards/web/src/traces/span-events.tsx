import type { SpanRow } from '@binnacle/collector/api/applications'
import { formatDuration } from '../format.ts'
import { CopyButton } from '../parts/copy-button.tsx'
import { AttributeTable } from './attribute-table.tsx'

const exceptionKeys = ['exception.type', 'exception.message', 'exception.stacktrace']

/** Exceptions with their stacks first, then what else happened within the span. */
export function SpanEvents({ span }: { readonly span: SpanRow }) {
  const exceptions = span.events.filter((event) => event.name === 'exception')
  const others = span.events.filter((event) => event.name !== 'exception')
  return (
    <>
      {exceptions.length > 0 && (
        <section>
          <h3>Exceptions</h3>
          {exceptions.map((event) => (
            <ExceptionEvent
              key={`${event.timeMs}${event.attributes['exception.type']}`}
              event={event}
              span={span}
            />
          ))}
        </section>
      )}
      {others.length > 0 && (
        <section>
          <h3>Events</h3>
          {others.map((event) => (
            <details key={`${event.timeMs}${event.name}`} className="span-event">
              <summary>
                <span className="log-time">+{formatDuration(event.timeMs - span.startMs)}</span> {event.name}
              </summary>
              <AttributeTable attributes={event.attributes} />
            </details>
          ))}
        </section>
      )}
    </>
  )
}

function ExceptionEvent({
  event,
  span,
}: {
  readonly event: SpanRow['events'][number]
  readonly span: SpanRow
}) {
  const { attributes } = event
  const stack = attributes['exception.stacktrace']
  const rest = Object.fromEntries(Object.entries(attributes).filter(([key]) => !exceptionKeys.includes(key)))
  return (
    <div className="span-exception">
      <p>
        <b>{attributes['exception.type'] || 'exception'}</b> {attributes['exception.message']}
        <span className="log-time"> +{formatDuration(event.timeMs - span.startMs)}</span>
      </p>
      {stack && (
        <div className="span-stack">
          <CopyButton text={stack} label="Copy the stack" />
          <pre>{stack}</pre>
        </div>
      )}
      {Object.keys(rest).length > 0 && <AttributeTable attributes={rest} />}
    </div>
  )
}
