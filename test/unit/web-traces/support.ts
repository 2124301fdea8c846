import type { SpanRow } from '@binnacle/collector/api/applications'

/** A span as the API gives it: `id`, its parent, when it starts and how long it lasts; the rest may be overridden. */
export function span(
  id: string,
  parent: string,
  times: readonly [startMs: number, durationMs: number],
  rest: Partial<SpanRow> = {},
): SpanRow {
  return {
    spanId: id,
    parentSpanId: parent,
    service: 'magnanimo',
    version: 'v1',
    application: 'shop',
    namespace: 'shop',
    pod: 'magnanimo-1',
    operation: id,
    kind: 'internal',
    status: 'unset',
    statusMessage: '',
    startMs: times[0],
    durationMs: times[1],
    clamped: false,
    peer: '',
    attributes: {},
    resourceId: '1',
    scope: '',
    events: [],
    links: [],
    ...rest,
  }
}
