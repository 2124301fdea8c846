import type { Place } from '../walk-request.ts'
import { AttributeColumn } from './attribute-column.ts'
import { columnsOf } from './columns-of.ts'
import { SharedWords } from './shared-words.ts'
import type { TableBlock } from './table-block.ts'
import { boundsOfDay } from './time-bounds.ts'

/** Senders of before OTLP's `event_name` say it as an attribute. */
export const eventNameSlot = 0

/** The columns of a block of `logs` by what they are. */
export type LogColumns = ReturnType<typeof logColumns>

export function logColumns(block: TableBlock, day: number) {
  const { fixed, word, text, map } = columnsOf(block)
  return {
    block,
    day,
    bounds: boundsOfDay(day),
    time: fixed('time'),
    observedTime: fixed('observed_time'),
    /** In the order of `sharedLogTexts`. */
    shared: new SharedWords(
      [
        'cluster_id',
        'namespace',
        'application',
        'service',
        'pod',
        'scope_name',
        'scope_version',
        'schema_url',
        'batch_id',
      ].map(word),
    ),
    eventName: word('event_name'),
    severityNumber: fixed('severity_number'),
    severityText: word('severity_text'),
    body: text('body'),
    traceId: fixed('trace_id'),
    spanId: fixed('span_id'),
    flags: fixed('flags'),
    attributes: new AttributeColumn(map('attributes'), [{ key: 'event.name', slot: eventNameSlot, rank: 0 }]),
    scopeAttributes: map('scope_attributes'),
    resourceId: fixed('resource_id'),
    receivedAt: fixed('received_at'),
  }
}

export const sharedLogTexts = ({ resource, scope }: Place, batchId: string): readonly string[] => [
  resource.cluster_id,
  resource.namespace,
  resource.application,
  resource.service,
  resource.pod,
  scope.name,
  scope.version,
  scope.schemaUrl,
  batchId,
]
