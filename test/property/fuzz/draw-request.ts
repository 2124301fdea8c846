import { kubeEventNames } from '../../../collector/record/kube.ts'
import type { OtlpSignal } from '../../../collector/record/otlp.ts'
import type { Field, Message } from '../wire-model.ts'
import {
  anyValue,
  asText,
  attributes,
  type Draw,
  double,
  draw,
  drawBool,
  drawDouble,
  drawEnum,
  drawFixed32,
  drawFixed64,
  drawId,
  drawMany,
  drawSint32,
  drawText,
  drawTime,
  drawUint32,
  f,
  int64,
  resourceKeys,
  text,
  uint64,
} from './draw-values.ts'
import type { Random } from './random.ts'

/** A request as a tree that can be written as protobuf in many ways, and as JSON. */
export function drawRequest(random: Random, signal: OtlpSignal): Message {
  const [resources, scopes, items] = names[signal]
  const resource = (inner: Random): Message => [
    f(1, 'resource', {
      as: 'message',
      value: [
        f(1, 'attributes', attributes(inner, 8, resourceKeys)),
        ...draw(inner, [[2, 'droppedAttributesCount', drawUint32]]),
      ],
    }),
    ...draw(inner, [
      [2, scopes, drawMany((scope) => scopeOf(scope, signal, items), 2)],
      [3, 'schemaUrl', drawUrl],
    ]),
  ]
  return [f(1, resources, drawMany(resource, 2)(random))]
}

const names: Readonly<Record<OtlpSignal, readonly [resources: string, scopes: string, items: string]>> = {
  traces: ['resourceSpans', 'scopeSpans', 'spans'],
  logs: ['resourceLogs', 'scopeLogs', 'logRecords'],
  metrics: ['resourceMetrics', 'scopeMetrics', 'metrics'],
}

const drawUrl: Draw = (random) => asText(random.pick(['', 'https://opentelemetry.io/schemas/1.30.0', 'x']))
const drawAttributes: Draw = (random) => attributes(random)
const drawFewAttributes: Draw = (random) => attributes(random, 2)

function scopeOf(random: Random, signal: OtlpSignal, items: string): Message {
  const scope: Draw = (inner) => ({
    as: 'message',
    value: draw(inner, [
      [1, 'name', drawText],
      [2, 'version', drawText],
      [3, 'attributes', drawFewAttributes],
      [4, 'droppedAttributesCount', drawUint32],
    ]),
  })
  return draw(random, [
    [1, 'scope', scope],
    [2, items, drawMany(itemOf[signal], 3)],
    [3, 'schemaUrl', drawUrl],
  ])
}

const itemOf: Readonly<Record<OtlpSignal, (random: Random) => Message>> = {
  traces: span,
  logs: log,
  metrics: metric,
}

const traceStates = [
  '',
  'ot=th:c',
  'a=b,ot=th:8;rv:1',
  'ot=rv:1;th:fe',
  ' ot=th:0',
  'ot=th:C',
  'ot=th:123456789012345',
  'x=y',
]
const drawTraceState: Draw = (random) => asText(random.oneIn(4) ? text(random) : random.pick(traceStates))

function span(random: Random): Message {
  return [
    f(1, 'traceId', drawId(16)(random)),
    f(2, 'spanId', drawId(8)(random)),
    ...draw(random, [
      [3, 'traceState', drawTraceState],
      [4, 'parentSpanId', drawId(8)],
      [5, 'name', drawText],
      [6, 'kind', drawEnum(7)],
      [7, 'startTimeUnixNano', drawTime],
      [8, 'endTimeUnixNano', drawTime],
      [9, 'attributes', drawAttributes],
      [10, 'droppedAttributesCount', drawUint32],
      [11, 'events', drawMany(spanEvent, 2)],
      [12, 'droppedEventsCount', drawUint32],
      [13, 'links', drawMany(link, 2)],
      [14, 'droppedLinksCount', drawUint32],
      [15, 'status', drawStatus],
      [16, 'flags', drawFixed32],
    ]),
  ]
}

const drawStatus: Draw = (random) => ({
  as: 'message',
  value: draw(random, [
    [2, 'message', drawText],
    [3, 'code', drawEnum(4)],
  ]),
})

const spanEvent = (random: Random) =>
  draw(random, [
    [1, 'timeUnixNano', drawTime],
    [2, 'name', drawText],
    [3, 'attributes', drawFewAttributes],
    [4, 'droppedAttributesCount', drawUint32],
  ])

const link = (random: Random) =>
  draw(random, [
    [1, 'traceId', drawId(16)],
    [2, 'spanId', drawId(8)],
    [3, 'traceState', drawText],
    [4, 'attributes', drawFewAttributes],
    [5, 'droppedAttributesCount', drawUint32],
    [6, 'flags', drawFixed32],
  ])

const eventNames = [...Object.values(kubeEventNames), 'app.broke']
const drawEventName: Draw = (random) => asText(random.oneIn(12) ? random.pick(eventNames) : text(random))

function log(random: Random): Message {
  return draw(random, [
    [1, 'timeUnixNano', drawTime],
    [2, 'severityNumber', drawEnum(30)],
    [3, 'severityText', drawText],
    [5, 'body', (inner) => ({ as: 'message', value: anyValue(inner) })],
    [6, 'attributes', drawAttributes],
    [7, 'droppedAttributesCount', drawUint32],
    [8, 'flags', drawFixed32],
    [9, 'traceId', drawId(16)],
    [10, 'spanId', drawId(8)],
    [11, 'observedTimeUnixNano', drawTime],
    [12, 'eventName', drawEventName],
  ])
}

/** One of the two ways to say a number. */
function number(random: Random, asDouble: number): Field[] {
  if (random.oneIn(10)) return []
  return [
    random.oneIn(2)
      ? f(asDouble, 'asDouble', { as: 'double', value: double(random) })
      : f(6, 'asInt', { as: 'sfixed64', value: int64(random) }),
  ]
}

const exemplar = (random: Random): Message => [
  ...draw(random, [
    [2, 'timeUnixNano', drawTime],
    [4, 'spanId', drawId(8)],
    [5, 'traceId', drawId(16)],
    [7, 'filteredAttributes', drawFewAttributes],
  ]),
  ...number(random, 3),
]

const drawFixed64s: Draw = (random) => ({
  as: 'fixed64s',
  value: random.times(random.below(5), () => uint64(random)),
})
const drawDoubles: Draw = (random) => ({
  as: 'doubles',
  value: random.times(random.below(5), () => double(random)),
})
const drawVarints: Draw = (random) => ({
  as: 'varints',
  value: random.times(random.below(5), () => uint64(random)),
})

const numberPoint = (random: Random): Message => [
  ...draw(random, [
    [2, 'startTimeUnixNano', drawTime],
    [3, 'timeUnixNano', drawTime],
    [5, 'exemplars', drawMany(exemplar, 2)],
    [7, 'attributes', drawFewAttributes],
    [8, 'flags', drawUint32],
  ]),
  ...number(random, 4),
]

const histogramPoint = (random: Random) =>
  draw(random, [
    [2, 'startTimeUnixNano', drawTime],
    [3, 'timeUnixNano', drawTime],
    [4, 'count', drawFixed64],
    [5, 'sum', drawDouble],
    [6, 'bucketCounts', drawFixed64s],
    [7, 'explicitBounds', drawDoubles],
    [8, 'exemplars', drawMany(exemplar, 2)],
    [9, 'attributes', drawFewAttributes],
    [10, 'flags', drawUint32],
    [11, 'min', drawDouble],
    [12, 'max', drawDouble],
  ])

const drawBuckets: Draw = (random) => ({
  as: 'message',
  value: draw(random, [
    [1, 'offset', drawSint32],
    [2, 'bucketCounts', drawVarints],
  ]),
})

const exponentialPoint = (random: Random) =>
  draw(random, [
    [1, 'attributes', drawFewAttributes],
    [2, 'startTimeUnixNano', drawTime],
    [3, 'timeUnixNano', drawTime],
    [4, 'count', drawFixed64],
    [5, 'sum', drawDouble],
    [6, 'scale', drawSint32],
    [7, 'zeroCount', drawFixed64],
    [8, 'positive', drawBuckets],
    [9, 'negative', drawBuckets],
    [10, 'flags', drawUint32],
    [11, 'exemplars', drawMany(exemplar, 2)],
    [12, 'min', drawDouble],
    [13, 'max', drawDouble],
    [14, 'zeroThreshold', drawDouble],
  ])

const quantile = (random: Random) =>
  draw(random, [
    [1, 'quantile', drawDouble],
    [2, 'value', drawDouble],
  ])

const summaryPoint = (random: Random) =>
  draw(random, [
    [2, 'startTimeUnixNano', drawTime],
    [3, 'timeUnixNano', drawTime],
    [4, 'count', drawFixed64],
    [5, 'sum', drawDouble],
    [6, 'quantileValues', drawMany(quantile, 3)],
    [7, 'attributes', drawFewAttributes],
    [8, 'flags', drawUint32],
  ])

const temporality = [2, 'aggregationTemporality', drawEnum(4)] as const
const kinds: readonly ((random: Random) => Field)[] = [
  (random) =>
    f(5, 'gauge', { as: 'message', value: draw(random, [[1, 'dataPoints', drawMany(numberPoint, 3)]]) }),
  (random) =>
    f(7, 'sum', {
      as: 'message',
      value: draw(random, [
        [1, 'dataPoints', drawMany(numberPoint, 3)],
        temporality,
        [3, 'isMonotonic', drawBool],
      ]),
    }),
  (random) =>
    f(9, 'histogram', {
      as: 'message',
      value: draw(random, [[1, 'dataPoints', drawMany(histogramPoint, 3)], temporality]),
    }),
  (random) =>
    f(10, 'exponentialHistogram', {
      as: 'message',
      value: draw(random, [[1, 'dataPoints', drawMany(exponentialPoint, 3)], temporality]),
    }),
  (random) =>
    f(11, 'summary', { as: 'message', value: draw(random, [[1, 'dataPoints', drawMany(summaryPoint, 3)]]) }),
]

function metric(random: Random): Message {
  const head = draw(random, [
    [1, 'name', drawText],
    [2, 'description', drawText],
    [3, 'unit', drawText],
  ])
  return random.oneIn(20) ? head : [...head, random.pick(kinds)(random)]
}
