import { type Static, Type } from 'typebox'
import { TimeRange } from './common.ts'

export const HintQuery = Type.Intersect([
  TimeRange,
  Type.Object({
    referenceFrom: Type.Optional(
      Type.String({ description: 'start of what is compared with; default: an hour before `from`' }),
    ),
    referenceTo: Type.Optional(
      Type.String({
        description:
          'end of what is compared with; default: `from`. The range itself is never part of its reference',
      }),
    ),
    service: Type.Optional(
      Type.String({ maxLength: 253, description: 'with transaction: its entry tier; empty: all requests' }),
    ),
    transaction: Type.Optional(
      Type.String({ maxLength: 1_000, description: 'only the requests of this business transaction' }),
    ),
  }),
])
export type HintQuery = Static<typeof HintQuery>

const Span = Type.Object({ fromMs: Type.Integer(), toMs: Type.Integer() })
const OrNull = Type.Union([Type.Number(), Type.Null()])

export const HintEvidence = Type.Object({
  type: Type.Union([
    Type.Literal('time', { description: 'own work, or calls, take longer' }),
    Type.Literal('errors', { description: 'spans fail that have no failed child' }),
    Type.Literal('calls', { description: 'an operation calls the same child more often' }),
    Type.Literal('way', { description: 'an operation has children that it used not to have, or lacks some' }),
    Type.Literal('cpu'),
    Type.Literal('memory'),
    Type.Literal('event', { description: 'a Kubernetes event, restart, rollout or scale change' }),
  ]),
  text: Type.String({ description: 'one sentence' }),
  service: Type.String(),
  operation: Type.String(),
  callee: Type.String({ description: 'of calls: id of a node of the flow map' }),
  pod: Type.String(),
  /** Means in ms, ratios, calls per call, mCPU or bytes, by type; null of events. */
  now: OrNull,
  usual: OrNull,
  /** Spans or samples of the range that it comes from. */
  n: Type.Integer(),
  /** Of the difference, in standard errors; robust: against median and MAD of the reference's buckets. */
  sigma: OrNull,
  /** What it surely means for an average request: ms, errors, or the share that takes another way; null of the rest. */
  impact: OrNull,
  timeMs: Type.Union([Type.Integer(), Type.Null()]),
})
export type HintEvidence = Static<typeof HintEvidence>

export const Hint = Type.Object({
  rank: Type.Integer(),
  /** Id of a node of the flow map. */
  node: Type.String(),
  type: Type.Union([
    Type.Literal('tier'),
    Type.Literal('database'),
    Type.Literal('queue'),
    Type.Literal('external'),
  ]),
  name: Type.String(),
  text: Type.String({ description: 'one sentence' }),
  /** To compare hints of one answer with. */
  score: Type.Number(),
  addedMs: Type.Number(),
  addedErrors: Type.Number(),
  changedWay: Type.Number(),
  /** When it is not everywhere: the versions or pods that it is in. */
  where: Type.Union([
    Type.Object({
      by: Type.Union([Type.Literal('version'), Type.Literal('pod')]),
      names: Type.Array(Type.String()),
      of: Type.Integer(),
      share: Type.Number({ description: 'of the calls, 0…1' }),
    }),
    Type.Null(),
  ]),
  evidence: Type.Array(HintEvidence),
})
export type Hint = Static<typeof Hint>

export const HintList = Type.Object({
  range: Span,
  reference: Span,
  /** One trace in so many was looked at, in the range and in its reference. */
  sampled: Type.Object({ range: Type.Integer(), reference: Type.Integer() }),
  change: Type.Object({
    text: Type.String({ description: 'one sentence' }),
    requests: Type.Number(),
    usualRequests: Type.Number(),
    meanMs: Type.Number(),
    usualMs: Type.Number(),
    failed: Type.Number(),
    usualFailed: Type.Number(),
  }),
  hints: Type.Array(Hint),
})
export type HintList = Static<typeof HintList>

/** A span of a trace whose own time is above its usual. */
export const SlowSpan = Type.Object({
  spanId: Type.String(),
  service: Type.String(),
  operation: Type.String(),
  callee: Type.String(),
  ownMs: Type.Number(),
  usualMs: Type.Number({ description: 'median' }),
  usualMaxMs: Type.Number({ description: "Tukey's fence: beyond it lie outliers" }),
  n: Type.Integer({ description: 'spans that the usual comes from' }),
  /** Of what the trace's spans took above their usual, 0…1. */
  share: Type.Number(),
  text: Type.String(),
})
export type SlowSpan = Static<typeof SlowSpan>
export const WhySlow = Type.Object({
  reference: Span,
  text: Type.String(),
  spans: Type.Array(SlowSpan),
})
export type WhySlow = Static<typeof WhySlow>
