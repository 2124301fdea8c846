import { type Static, Type } from 'typebox'
import { Red, VersionShare } from './applications.ts'

const Maybe = Type.Union([Type.Number(), Type.Null()])

/** What Kubernetes says of a node's pod. */
export const NodeState = Type.Object({
  uid: Type.String(),
  status: Type.String({ description: 'as kubectl prints it' }),
  health: Type.Union([
    Type.Literal('ok'),
    Type.Literal('pending'),
    Type.Literal('warning'),
    Type.Literal('failed'),
    Type.Literal('done'),
  ]),
  deleted: Type.Boolean(),
  ready: Type.Integer(),
  containers: Type.Integer(),
  restarts: Type.Integer(),
  restartsInRange: Type.Integer(),
  createdMs: Type.Integer(),
  node: Type.String({ description: 'the Kubernetes node it runs on' }),
  cpuUsedMillicores: Maybe,
  cpuRequestMillicores: Type.Number({ description: '0: none' }),
  cpuLimitMillicores: Type.Number(),
  memoryUsedBytes: Maybe,
  memoryRequestBytes: Type.Number(),
  memoryLimitBytes: Type.Number(),
})
export type NodeState = Static<typeof NodeState>

/** A node of a tier: a pod that served calls, or, outside of Kubernetes, the service itself. */
export const TierNode = Type.Object({
  clusterId: Type.String(),
  namespace: Type.String(),
  pod: Type.String({ description: "'' outside of Kubernetes" }),
  versions: Type.Array(Type.String()),
  lastSeenMs: Type.Integer({ description: 'start of its newest call' }),
  red: Red,
  /** Calls per minute over the range. */
  spark: Type.Array(Maybe),
  state: Type.Union([NodeState, Type.Null()], { description: 'null: no agent told of this pod' }),
})
export type TierNode = Static<typeof TierNode>

export const TierRow = Type.Object({
  service: Type.String(),
  red: Red,
  versions: Type.Array(VersionShare),
  spark: Type.Array(Maybe),
  nodes: Type.Array(TierNode),
})
export type TierRow = Static<typeof TierRow>
export const TierList = Type.Object({
  tiers: Type.Array(TierRow),
  truncated: Type.Boolean({ description: 'there are more nodes than the 2,000 listed' }),
})
export type TierList = Static<typeof TierList>
