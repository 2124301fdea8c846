import { type Static, Type } from 'typebox'
import { TransactionSettings } from '../../../record/transaction-settings.ts'
import { Red, VersionShare } from './applications.ts'
import { Chart, ComparedRange, TimeRange } from './common.ts'

const Maybe = Type.Union([Type.Number(), Type.Null()])
const List = Type.Optional(Type.String({ description: 'comma-separated values; a leading ! excludes' }))

/** Calls by class: their sum is the number of calls. What is slow: docs/decisions/0020. */
export const Classes = Type.Object({
  normal: Type.Number(),
  slow: Type.Number(),
  verySlow: Type.Number(),
  stalled: Type.Number(),
  errors: Type.Number(),
})
export type Classes = Static<typeof Classes>

/** A business transaction: an application, its entry tier, a name. */
export const TransactionRow = Type.Object({
  service: Type.String({ description: 'the entry tier' }),
  transaction: Type.String({ description: "'All other traffic': beyond the limit of the application" }),
  red: Red,
  classes: Classes,
  share: Type.Number({ description: 'of the calls of all transactions, 0…1' }),
  versions: Type.Array(Type.String()),
  spark: Type.Array(Maybe, { description: 'calls per minute over the range' }),
  firstSeenMs: Type.Union([Type.Integer(), Type.Null()], { description: 'null: not rolled up yet' }),
  isNew: Type.Boolean({ description: 'first seen in the range, in an application that is older' }),
})
export type TransactionRow = Static<typeof TransactionRow>

export const TransactionQuery = Type.Intersect([
  ComparedRange,
  Type.Object({
    service: List,
    q: Type.Optional(Type.String({ maxLength: 200, description: 'part of the name or tier' })),
    sort: Type.Optional(
      Type.Union(
        ['calls', 'errors', 'errorRatio', 'mean', 'p95', 'time', 'slow', 'name', 'firstSeen'].map((name) =>
          Type.Literal(name),
        ),
        {
          default: 'calls',
          description: 'descending, but name; time: calls × mean; slow: slow, very slow and stalled',
        },
      ),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 2_000, default: 200 })),
  }),
])
export type TransactionQuery = Static<typeof TransactionQuery>

export const TransactionList = Type.Object({
  transactions: Type.Array(TransactionRow),
  total: Type.Integer({ description: 'that pass the filter' }),
  classes: Classes,
  /** The guard against too many names. */
  guard: Type.Object({
    known: Type.Integer({ description: 'transactions that the application has' }),
    max: Type.Integer({ description: 'beyond it, new ones are All other traffic' }),
    pooledCalls: Type.Number({ description: 'in the range' }),
  }),
})
export type TransactionList = Static<typeof TransactionList>

/** What calls are compared with: those of the 120 minutes before. */
export const Threshold = Type.Object({
  timeMs: Type.Integer(),
  calls: Type.Number({ description: 'of the window' }),
  meanMs: Type.Number(),
  sigmaMs: Type.Number(),
  slowMs: Type.Union([Type.Number(), Type.Null()], { description: 'null: no call is so slow' }),
  verySlowMs: Type.Union([Type.Number(), Type.Null()]),
  stallMs: Type.Number(),
  rule: Type.String({ description: 'warm-up, deviation, moving average, static, percentile' }),
})
export type Threshold = Static<typeof Threshold>

export const TransactionDetailQuery = Type.Intersect([
  ComparedRange,
  Type.Object({
    service: Type.String({ minLength: 1, maxLength: 500 }),
    transaction: Type.String({ minLength: 1, maxLength: 1_000 }),
  }),
])
export type TransactionDetailQuery = Static<typeof TransactionDetailQuery>

export const TransactionDetail = Type.Object({
  transaction: TransactionRow,
  charts: Type.Object({
    load: Chart,
    /** Series mean, p50, p95, p99 in ms. */
    responseTime: Chart,
    errors: Chart,
    /** Series normal, slow, verySlow, stalled, errors: calls a step. */
    classes: Chart,
    /** Series slow and verySlow, in ms: the thresholds in each step. */
    thresholds: Chart,
  }),
  threshold: Type.Union([Threshold, Type.Null()], { description: 'the newest of the range' }),
  versions: Type.Array(VersionShare),
  /** From traces of the newest minutes of the range. */
  sample: Type.Object({
    fromMs: Type.Integer(),
    toMs: Type.Integer(),
    traces: Type.Integer(),
    spans: Type.Integer(),
    truncated: Type.Boolean({ description: 'there were more traces' }),
    nodes: Type.Array(
      Type.Object({
        clusterId: Type.String(),
        namespace: Type.String(),
        pod: Type.String(),
        version: Type.String(),
        calls: Type.Integer(),
        errors: Type.Integer(),
        meanMs: Maybe,
        p95Ms: Maybe,
      }),
    ),
    errors: Type.Array(
      Type.Object({
        service: Type.String(),
        type: Type.String({ description: "the exception's type, else HTTP 5xx or the status message" }),
        count: Type.Integer(),
        traceId: Type.String(),
      }),
    ),
  }),
})
export type TransactionDetail = Static<typeof TransactionDetail>

export const ScorecardQuery = Type.Intersect([
  TimeRange,
  Type.Object({
    by: Type.Optional(
      Type.Union(
        [
          Type.Literal('application'),
          Type.Literal('tier'),
          Type.Literal('node'),
          Type.Literal('transaction'),
        ],
        { default: 'application' },
      ),
    ),
    service: List,
  }),
])
export type ScorecardQuery = Static<typeof ScorecardQuery>

export const Scorecard = Type.Object({
  scorecards: Type.Array(
    Type.Object({
      service: Type.String(),
      transaction: Type.String(),
      clusterId: Type.String(),
      namespace: Type.String(),
      pod: Type.String(),
      red: Red,
      classes: Classes,
    }),
    { description: 'what is not asked by is empty' },
  ),
})
export type Scorecard = Static<typeof Scorecard>

export const SnapshotQuery = Type.Intersect([
  TimeRange,
  Type.Object({
    application: Type.Optional(
      Type.String({ maxLength: 253, description: 'without it the newest minutes are left out' }),
    ),
    service: List,
    transaction: Type.Optional(
      Type.Union(
        [Type.String({ maxLength: 1_000 }), Type.Array(Type.String({ maxLength: 1_000 }), { maxItems: 100 })],
        {
          description: 'repeated; names may hold commas',
        },
      ),
    ),
    reason: Type.Optional(Type.String({ description: 'error, stall, very slow, slow, periodic' })),
    version: List,
    pod: List,
    namespace: List,
    exceptionType: List,
    minMs: Type.Optional(Type.Number({ minimum: 0 })),
    maxMs: Type.Optional(Type.Number({ minimum: 0 })),
    q: Type.Optional(
      Type.String({ maxLength: 200, description: 'part of the transaction, operation or exception type' }),
    ),
    sort: Type.Optional(Type.Union([Type.Literal('newest'), Type.Literal('slowest')])),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 100 })),
    before: Type.Optional(
      Type.String({ maxLength: 100, description: 'next of the page before; of the newest only' }),
    ),
  }),
])
export type SnapshotQuery = Static<typeof SnapshotQuery>

export const Snapshot = Type.Object({
  traceId: Type.String(),
  spanId: Type.String(),
  startMs: Type.Number(),
  durationMs: Type.Number(),
  clusterId: Type.String(),
  namespace: Type.String(),
  application: Type.String(),
  service: Type.String(),
  transaction: Type.String({ description: "'' when the call does not enter its application" }),
  operation: Type.String(),
  version: Type.String(),
  pod: Type.String(),
  httpStatus: Type.Integer({ description: '0: none' }),
  exceptionType: Type.String(),
  reason: Type.String({ description: 'error, stall, very slow, slow, periodic' }),
  /** Why it is that: the threshold it passed, else that of slow calls, and what it is made of. */
  thresholdMs: Maybe,
  baseline: Type.Object({
    calls: Type.Number(),
    meanMs: Type.Number(),
    sigmaMs: Type.Number(),
    rule: Type.String({ description: 'warm-up, deviation, moving average, static, percentile' }),
  }),
  alike: Type.Integer({ description: 'calls of its operation, minute and reason' }),
  kept: Type.Integer({ description: 'of them, the slowest' }),
})
export type Snapshot = Static<typeof Snapshot>

export const SnapshotList = Type.Object({
  snapshots: Type.Array(Snapshot),
  next: Type.String({ description: "the parameter before of the next page; '': there is none" }),
  /** Series error, stall, very slow, slow, periodic: kept snapshots a step. */
  histogram: Chart,
  totals: Type.Array(
    Type.Object({
      reason: Type.String(),
      kept: Type.Integer(),
      all: Type.Integer({ description: 'that there were: of an operation, minute and reason ten are kept' }),
    }),
  ),
})
export type SnapshotList = Static<typeof SnapshotList>

/** A name and the calls of it in the last hour. */
const NamedCalls = Type.Object({
  service: Type.String(),
  transaction: Type.String({ description: "'' of what is excluded" }),
  calls: Type.Number(),
  operations: Type.Array(Type.String(), { description: 'some of the operations behind it' }),
})

const NamedCallsList = Type.Object({
  names: Type.Array(NamedCalls),
  rest: Type.Object({ names: Type.Integer(), calls: Type.Number() }, { description: 'beyond those listed' }),
})

export const TransactionRules = Type.Object({
  version: Type.Integer({ description: '0: nothing was set yet' }),
  settings: Type.Unsafe<TransactionSettings>(TransactionSettings),
  changedAtMs: Type.Integer(),
  changedBy: Type.String(),
  /** Minutes of stored spans that have been computed with the settings as they are. */
  recomputed: Type.Object({ minutes: Type.Integer(), of: Type.Integer() }),
  guard: Type.Object({
    known: Type.Integer(),
    max: Type.Integer(),
    /** What is pooled as All other traffic, in the last hour. */
    pooled: NamedCallsList,
  }),
})
export type TransactionRules = Static<typeof TransactionRules>

export const TransactionRulesChange = Type.Object(
  {
    version: Type.Integer({ minimum: 0, description: 'that the change is based on' }),
    settings: Type.Unsafe<TransactionSettings>(Type.Unknown()),
  },
  { additionalProperties: false },
)
export type TransactionRulesChange = Static<typeof TransactionRulesChange>
export const TransactionRulesSaved = Type.Object({ version: Type.Integer(), changedAtMs: Type.Integer() })
export type TransactionRulesSaved = Static<typeof TransactionRulesSaved>

export const TransactionRulesDraft = Type.Object(
  { settings: Type.Unsafe<TransactionSettings>(Type.Unknown()) },
  { additionalProperties: false },
)
export type TransactionRulesDraft = Static<typeof TransactionRulesDraft>

/** What the calls of the last hour would be. */
export const TransactionPreview = Type.Object({
  fromMs: Type.Integer(),
  toMs: Type.Integer(),
  named: NamedCallsList,
  excluded: NamedCallsList,
  max: Type.Integer({ description: 'names beyond it would be pooled as All other traffic' }),
})
export type TransactionPreview = Static<typeof TransactionPreview>
