import type { Place } from '../walk-request.ts'
import { AttributeColumn } from './attribute-column.ts'
import { columnsOf } from './columns-of.ts'
import { FixedColumn } from './fixed-column.ts'
import { MapColumn } from './map-column.ts'
import { SharedWords } from './shared-words.ts'
import type { TableBlock } from './table-block.ts'

/** The columns of a block of `metrics` by what they are. */
export type PointColumns = ReturnType<typeof pointColumns>

export function pointColumns(block: TableBlock, day: number) {
  const { fixed, word, text, map, list } = columnsOf(block)
  const exemplarsAttributes = list('exemplars_attributes', MapColumn)
  return {
    block,
    day,
    time: fixed('time'),
    startTime: fixed('start_time'),
    metric: word('metric'),
    unit: word('unit'),
    description: word('description'),
    kind: word('kind'),
    temporality: fixed('temporality'),
    monotonic: fixed('monotonic'),
    /** In the order of `sharedPointTexts`. */
    shared: new SharedWords(
      [
        'cluster_id',
        'namespace',
        'application',
        'service',
        'node',
        'pod',
        'container',
        'scope_name',
        'scope_version',
        'schema_url',
        'batch_id',
      ].map(word),
    ),
    attributes: new AttributeColumn(map('attributes')),
    scopeAttributes: map('scope_attributes'),
    resourceId: fixed('resource_id'),
    value: fixed('value'),
    count: fixed('count'),
    sum: fixed('sum'),
    min: fixed('min'),
    max: fixed('max'),
    bounds: list('bounds', FixedColumn),
    bucketCounts: list('bucket_counts', FixedColumn),
    quantileValues: list('quantile_values', FixedColumn),
    exponential: text('exponential'),
    exemplarsTime: list('exemplars_time', FixedColumn),
    exemplarsValue: list('exemplars_value', FixedColumn),
    exemplarsTraceId: list('exemplars_trace_id', FixedColumn),
    exemplarsSpanId: list('exemplars_span_id', FixedColumn),
    exemplarsAttributes,
    exemplarAttributes: new AttributeColumn(exemplarsAttributes.items),
    flags: fixed('flags'),
    receivedAt: fixed('received_at'),
  }
}

export const sharedPointTexts = ({ resource, scope }: Place, batchId: string): readonly string[] => [
  resource.cluster_id,
  resource.namespace,
  resource.application,
  resource.service,
  resource.node,
  resource.pod,
  resource.container,
  scope.name,
  scope.version,
  scope.schemaUrl,
  batchId,
]
