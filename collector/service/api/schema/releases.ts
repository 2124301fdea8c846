import { type Static, type TSchema, Type } from 'typebox'
import { Chart, TimeRange } from './common.ts'

const Maybe = <T extends TSchema>(type: T) => Type.Union([type, Type.Null()])

export const ReleaseVersion = Type.Object({
  version: Type.String({ description: "'': the spans name none" }),
  /** To the minute; of a version first called more than 90 days ago, when it came back. */
  firstSeenMs: Type.Integer(),
  lastSeenMs: Type.Integer({ description: 'within the range, to the minute' }),
  calls: Type.Integer(),
  errors: Type.Integer(),
  /** Of the calls of the tier in the range, 0…1. */
  share: Type.Number(),
  /** Of the calls of each step, for the times of the list; null where the tier was not called. */
  shares: Type.Array(Maybe(Type.Number())),
  /** That are there at the end of the range. */
  pods: Type.Integer(),
  /** Percent of the calls that its pods' label binnacle.dev/canary-weight says; null: no label. */
  canaryWeight: Maybe(Type.Number()),
})
export type ReleaseVersion = Static<typeof ReleaseVersion>

export const Rollout = Type.Object({
  timeMs: Type.Integer(),
  title: Type.String(),
  namespace: Type.String(),
  name: Type.String(),
  from: Type.String(),
  to: Type.String(),
})
export type Rollout = Static<typeof Rollout>

export const ReleaseTier = Type.Object({
  service: Type.String(),
  /** The newest first. */
  versions: Type.Array(ReleaseVersion),
  /** Of its workloads within the range, the newest first. */
  rollouts: Type.Array(Rollout),
})
export type ReleaseTier = Static<typeof ReleaseTier>

export const ReleaseList = Type.Object({
  stepMs: Type.Integer(),
  timesMs: Type.Array(Type.Integer()),
  tiers: Type.Array(ReleaseTier),
})
export type ReleaseList = Static<typeof ReleaseList>

export const LatestRelease = Type.Object({
  application: Type.String(),
  service: Type.String(),
  version: Type.String(),
  previous: Type.String(),
  /** To the hour, and to the minute of the last hours. */
  firstSeenMs: Type.Integer(),
})
export type LatestRelease = Static<typeof LatestRelease>
export const LatestReleaseList = Type.Object({ releases: Type.Array(LatestRelease) })
export type LatestReleaseList = Static<typeof LatestReleaseList>

export const LatestReleaseQuery = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10 })),
})

export const ReleaseCompareQuery = Type.Intersect([
  TimeRange,
  Type.Object({
    a: Type.Optional(
      Type.String({ maxLength: 200, description: 'the older version; default: the one before b' }),
    ),
    b: Type.Optional(
      Type.String({ maxLength: 200, description: 'the newer version; default: the newest in the range' }),
    ),
    marker: Type.Optional(
      Type.Integer({
        minimum: 0,
        description:
          'time of a deployment in Unix ms: what was before it is compared with what came after, whatever versions',
      }),
    ),
    minutes: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_440,
        default: 60,
        description: 'with marker: how long before and after, at most',
      }),
    ),
  }),
])
export type ReleaseCompareQuery = Static<typeof ReleaseCompareQuery>

export const Outcome = Type.Union([
  Type.Literal('worse'),
  Type.Literal('better'),
  Type.Literal('no-difference'),
  Type.Literal('not-enough-data'),
])
export type Outcome = Static<typeof Outcome>

/** A figure with its 95 % interval. */
export const Estimate = Type.Object({ value: Type.Number(), low: Type.Number(), high: Type.Number() })
export type Estimate = Static<typeof Estimate>

export const AspectId = Type.Union([
  Type.Literal('p50'),
  Type.Literal('p95'),
  Type.Literal('p99'),
  Type.Literal('errors'),
  Type.Literal('exceptions'),
  Type.Literal('restarts'),
  Type.Literal('cpu'),
  Type.Literal('memory'),
])

export const ComparedAspect = Type.Object({
  aspect: AspectId,
  unit: Type.String({ description: 'ms, ratio (0…1), 1/h (per pod), mCPU, By' }),
  /** Latency and errors: of the mix of operations that both sides have together. */
  a: Maybe(Estimate),
  b: Maybe(Estimate),
  /** b / a − 1; of errors and exceptions b − a. */
  change: Maybe(Estimate),
  p: Maybe(
    Type.Number({ description: 'two-sided, adjusted for the number of aspects (Holm); null: not tested' }),
  ),
  outcome: Outcome,
  missing: Type.String({ description: 'why it was not tested' }),
})
export type ComparedAspect = Static<typeof ComparedAspect>

export const ComparedSide = Type.Object({
  name: Type.String({ description: 'the version; before, after' }),
  version: Maybe(Type.String({ description: 'null: any' })),
  fromMs: Type.Integer(),
  toMs: Type.Integer(),
  calls: Type.Number(),
  callsPerMinute: Type.Number(),
  errors: Type.Number(),
  /** How many independent calls they are worth, by the weights of sampling (Kish). */
  worth: Type.Number(),
  pods: Type.Integer(),
  podHours: Type.Number(),
  restarts: Type.Integer(),
  restartReasons: Type.Array(Type.String()),
})
export type ComparedSide = Static<typeof ComparedSide>

const OperationSide = Type.Object({
  calls: Type.Number(),
  errors: Type.Number(),
  p50Ms: Maybe(Type.Number()),
  p95Ms: Maybe(Type.Number()),
  p99Ms: Maybe(Type.Number()),
})

export const ComparedOperation = Type.Object({
  operation: Type.String(),
  kind: Type.String(),
  a: OperationSide,
  b: OperationSide,
  /** p50, p95, p99 and errors. */
  aspects: Type.Array(Type.Object({ aspect: AspectId, change: Maybe(Type.Number()), outcome: Outcome })),
  outcome: Outcome,
})
export type ComparedOperation = Static<typeof ComparedOperation>

export const ComparedException = Type.Object({
  group: Type.String(),
  type: Type.String(),
  message: Type.String({ description: 'of one of them' }),
  a: Type.Number(),
  b: Type.Number(),
  /** Not thrown by a, nor by any other version before. */
  isNew: Type.Boolean(),
  /** Within the sides. */
  firstMs: Type.Integer(),
  lastMs: Type.Integer(),
  /** Of side b where it threw it; else of a. */
  sampleTraceId: Type.String(),
})
export type ComparedException = Static<typeof ComparedException>

export const ReleaseComparison = Type.Object({
  application: Type.String(),
  service: Type.String(),
  /** The older version, or before the deployment; the newer one, or after it. */
  a: ComparedSide,
  b: ComparedSide,
  /** Both were called at the same time. */
  sideBySide: Type.Boolean(),
  verdict: Type.Object({
    outcome: Outcome,
    sentence: Type.String({ description: 'the verdict and its reasons, the gravest first' }),
    reasons: Type.Array(
      Type.Object({
        aspect: AspectId,
        operation: Type.String({ description: "'': of all" }),
        outcome: Outcome,
        text: Type.String(),
      }),
    ),
    notes: Type.Array(Type.String({ description: 'what to know before believing it' })),
  }),
  aspects: Type.Array(ComparedAspect),
  /** The busiest first; at most 500 of a side. */
  operations: Type.Array(ComparedOperation),
  /** Parts of the calls by duration, of the common mix of operations. */
  distribution: Type.Array(
    Type.Object({ fromMs: Type.Number(), toMs: Type.Number(), a: Type.Number(), b: Type.Number() }),
  ),
  exceptions: Type.Array(ComparedException),
  /** Of the calls of both; null where they were not called at the same time. */
  share: Maybe(
    Type.Object({
      ...Estimate.properties,
      intended: Maybe(Type.Number()),
      source: Type.Union([Type.Literal('label'), Type.Literal('pods'), Type.Literal('')]),
      isAsIntended: Type.Boolean(),
    }),
  ),
  charts: Type.Object({
    /** Series a and b in ms. */
    p95: Chart,
    /** Series a and b in 1/min. */
    calls: Chart,
    /** Series a and b in 1/min. */
    errors: Chart,
    /** Series a and b in mCPU and By: means over pods. */
    cpu: Chart,
    memory: Chart,
  }),
})
export type ReleaseComparison = Static<typeof ReleaseComparison>
