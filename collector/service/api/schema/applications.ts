import { type Static, Type } from 'typebox'
import { Chart, ComparedRange, Marker, Usual } from './common.ts'
import { ViolationRow } from './violations.ts'

/** Rate, errors and duration over a time range. Durations in ms; null when there was no call. */
export const Red = Type.Object({
  calls: Type.Integer(),
  callsPerMinute: Type.Number(),
  errors: Type.Integer(),
  errorsPerMinute: Type.Number(),
  errorRatio: Type.Union([Type.Number(), Type.Null()], { description: '0…1' }),
  meanMs: Type.Union([Type.Number(), Type.Null()]),
  p50Ms: Type.Union([Type.Number(), Type.Null()]),
  p95Ms: Type.Union([Type.Number(), Type.Null()]),
  p99Ms: Type.Union([Type.Number(), Type.Null()]),
  maxMs: Type.Union([Type.Number(), Type.Null()]),
  /** Where the answer compares with a baseline. */
  usual: Type.Optional(Type.Object({ callsPerMinute: Usual, p95Ms: Usual, errorsPerMinute: Usual })),
})
export type Red = Static<typeof Red>

export const ApplicationRow = Type.Object({
  application: Type.String(),
  tiers: Type.Integer(),
  nodes: Type.Integer({ description: 'pods or instances that sent spans' }),
  lastSeenMs: Type.Integer(),
  red: Red,
  /** Calls per minute over the range, for a spark line. */
  spark: Type.Array(Type.Union([Type.Number(), Type.Null()])),
})
export type ApplicationRow = Static<typeof ApplicationRow>
export const ApplicationList = Type.Object({ applications: Type.Array(ApplicationRow) })
export type ApplicationList = Static<typeof ApplicationList>

export const VersionShare = Type.Object({
  version: Type.String(),
  nodes: Type.Integer(),
  calls: Type.Integer(),
  errors: Type.Integer(),
  /** Of the calls of the tier, 0…1. */
  share: Type.Number(),
  p95Ms: Type.Union([Type.Number(), Type.Null()]),
})
export type VersionShare = Static<typeof VersionShare>

export const FlowNode = Type.Object({
  /** `tier:NAME`, `backend:TYPE:NAME`, `external:NAME`, `client` (callers that send no spans). */
  id: Type.String(),
  type: Type.Union([
    Type.Literal('tier'),
    Type.Literal('database'),
    Type.Literal('queue'),
    Type.Literal('external'),
    Type.Literal('client'),
  ]),
  name: Type.String(),
  /** Of a backend: postgresql, redis, kafka, http, …; else ''. */
  system: Type.String(),
  nodes: Type.Integer(),
  red: Red,
  versions: Type.Array(VersionShare),
})
export type FlowNode = Static<typeof FlowNode>

export const FlowEdge = Type.Object({
  id: Type.String(),
  from: Type.String(),
  to: Type.String(),
  async: Type.Boolean(),
  red: Red,
})
export type FlowEdge = Static<typeof FlowEdge>

export const FlowMapQuery = Type.Intersect([
  ComparedRange,
  Type.Object({
    tier: Type.Optional(
      Type.String({ minLength: 1, maxLength: 500, description: 'only what calls it, and what it calls' }),
    ),
    transaction: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1_000,
        description: 'of those that enter by the tier: only what its calls lead to',
      }),
    ),
  }),
])
export type FlowMapQuery = Static<typeof FlowMapQuery>

/** The calls of a transaction that its map is made of, the newest; rates are per minute of their time. */
export const FlowSample = Type.Object({
  fromMs: Type.Integer(),
  toMs: Type.Integer(),
  calls: Type.Integer(),
  truncated: Type.Boolean({ description: 'there are more, or the range is longer than is looked at' }),
})
export type FlowSample = Static<typeof FlowSample>

export const FlowMap = Type.Object({
  nodes: Type.Array(FlowNode),
  edges: Type.Array(FlowEdge),
  sample: Type.Optional(FlowSample),
})
export type FlowMap = Static<typeof FlowMap>

/** An entry span name of a tier: server and consumer spans, and roots. */
export const OperationRow = Type.Object({
  service: Type.String(),
  operation: Type.String(),
  kind: Type.String({ description: 'server, consumer, internal, client, producer' }),
  red: Red,
  versions: Type.Array(Type.String()),
  spark: Type.Array(Type.Union([Type.Number(), Type.Null()])),
})
export type OperationRow = Static<typeof OperationRow>
export const OperationList = Type.Object({ operations: Type.Array(OperationRow) })
export type OperationList = Static<typeof OperationList>

export const ApplicationDashboard = Type.Object({
  application: ApplicationRow,
  charts: Type.Object({
    load: Chart,
    /** Series p50, p95, p99 in ms. */
    responseTime: Chart,
    errors: Chart,
  }),
  markers: Type.Array(Marker),
  violations: Type.Array(ViolationRow, {
    description: 'of the application and of what runs in its namespaces, open at some time of the range',
  }),
  tiers: Type.Array(
    Type.Object({
      service: Type.String(),
      nodes: Type.Integer(),
      red: Red,
      versions: Type.Array(VersionShare),
    }),
  ),
  operations: Type.Array(OperationRow),
})
export type ApplicationDashboard = Static<typeof ApplicationDashboard>

export const TraceRow = Type.Object({
  traceId: Type.String(),
  startMs: Type.Number(),
  durationMs: Type.Number(),
  rootService: Type.String(),
  rootOperation: Type.String(),
  /** True when the root span is not stored (yet): the earliest span stands in. */
  rootMissing: Type.Boolean(),
  spans: Type.Integer(),
  errors: Type.Integer(),
  services: Type.Array(Type.String()),
  httpStatus: Type.Integer({ description: '0: none' }),
  versions: Type.Array(Type.String(), { description: 'service@version' }),
})
export type TraceRow = Static<typeof TraceRow>
export const TraceList = Type.Object({
  traces: Type.Array(TraceRow),
  /** More traces match than were returned. */
  more: Type.Boolean(),
  /** Matching traces over time: series ok and error, and one point a trace for the scatter chart comes from `traces`. */
  histogram: Chart,
})
export type TraceList = Static<typeof TraceList>

export const SpanRow = Type.Object({
  spanId: Type.String(),
  parentSpanId: Type.String({ description: "'' for a root" }),
  service: Type.String(),
  version: Type.String(),
  application: Type.String(),
  namespace: Type.String(),
  pod: Type.String(),
  operation: Type.String(),
  kind: Type.String(),
  status: Type.String({ description: 'unset, ok, error' }),
  statusMessage: Type.String(),
  /** Unix time in ms with fractions (µs precision). */
  startMs: Type.Number(),
  durationMs: Type.Number(),
  clamped: Type.Boolean(),
  peer: Type.String(),
  attributes: Type.Record(Type.String(), Type.String()),
  resourceId: Type.String(),
  scope: Type.String(),
  events: Type.Array(
    Type.Object({
      timeMs: Type.Number(),
      name: Type.String(),
      attributes: Type.Record(Type.String(), Type.String()),
    }),
  ),
  links: Type.Array(Type.Object({ traceId: Type.String(), spanId: Type.String() })),
})
export type SpanRow = Static<typeof SpanRow>

export const TraceDetail = Type.Object({
  traceId: Type.String(),
  startMs: Type.Number(),
  durationMs: Type.Number(),
  spans: Type.Array(SpanRow),
  /** True when the trace holds more spans than the limit (10,000) and the rest was cut. */
  truncated: Type.Boolean(),
  /** Resource attributes by resource id. */
  resources: Type.Record(Type.String(), Type.Record(Type.String(), Type.String())),
  logs: Type.Array(
    Type.Object({
      timeMs: Type.Number(),
      spanId: Type.String(),
      severity: Type.String(),
      service: Type.String(),
      body: Type.String(),
    }),
  ),
  /** Spans without parent in the trace although they name one: their parents are not stored (yet). */
  orphans: Type.Integer(),
})
export type TraceDetail = Static<typeof TraceDetail>
