import { type Static, Type } from 'typebox'
import { TimeRange } from './common.ts'

/** Query strings of the API, by route. Lists are repeated or comma-separated parameters: `namespace=a,b`. */
const List = Type.Optional(Type.String({ description: 'comma-separated values; a leading ! excludes' }))

/** So that the numbers of the inventory lead to their rows. */
const Finding = Type.Optional(
  Type.String({
    description: 'ids of findings, of which an object has at least one, such as no-memory-limit',
  }),
)

export const PodQuery = Type.Intersect([
  TimeRange,
  Type.Object({
    namespace: List,
    status: List,
    phase: List,
    health: List,
    workload: List,
    node: List,
    version: List,
    q: Type.Optional(Type.String({ maxLength: 200, description: 'part of the pod name' })),
    finding: Finding,
    restarted: Type.Optional(
      Type.Boolean({ default: false, description: 'only pods with a restart in the time range' }),
    ),
    deleted: Type.Optional(Type.Boolean({ default: false, description: 'also pods that are gone' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 2_000 })),
  }),
])
export type PodQuery = Static<typeof PodQuery>

export const EventQuery = Type.Intersect([
  TimeRange,
  Type.Object({
    namespace: List,
    severity: List,
    category: List,
    reason: List,
    object: Type.Optional(Type.String({ description: 'uid of the object' })),
    workload: List,
    q: Type.Optional(Type.String({ maxLength: 200, description: 'part of the message or object name' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 5_000, default: 500 })),
  }),
])
export type EventQuery = Static<typeof EventQuery>

export const CrashQuery = Type.Intersect([
  TimeRange,
  Type.Object({
    namespace: List,
    workload: List,
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 200 })),
  }),
])
export type CrashQuery = Static<typeof CrashQuery>

export const NamespaceQuery = Type.Object({ namespace: List })
export const ScopeQuery = Type.Intersect([TimeRange, Type.Object({ namespace: List })])
export type ScopeQuery = Static<typeof ScopeQuery>

export const ObjectQuery = Type.Intersect([
  TimeRange,
  Type.Object({
    kind: List,
    namespace: List,
    finding: Finding,
    q: Type.Optional(Type.String({ maxLength: 200, description: 'part of the name' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 2_000 })),
  }),
])
export type ObjectQuery = Static<typeof ObjectQuery>

export const ObjectKey = Type.Intersect([
  TimeRange,
  Type.Object({
    kind: Type.String({ minLength: 1, maxLength: 100, description: 'Node, Deployment, Service, …' }),
    namespace: Type.Optional(
      Type.String({ maxLength: 253, default: '', description: 'empty: of the whole cluster' }),
    ),
    name: Type.String({ minLength: 1, maxLength: 253 }),
  }),
])
export type ObjectKey = Static<typeof ObjectKey>

const Hash = Type.Optional(
  Type.String({
    pattern: '^\\d{1,20}$',
    description: 'a group of the databases or errors of an application',
  }),
)

export const TraceQuery = Type.Intersect([
  TimeRange,
  Type.Object({
    application: List,
    service: List,
    operation: List,
    version: List,
    pod: List,
    namespace: List,
    /** What a span calls: `host:port`, `host:port/database`, …; a queue or topic; the route and method of an HTTP span. */
    peer: List,
    destination: List,
    route: List,
    method: List,
    statement: Hash,
    exception: Hash,
    transaction: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1_000,
        description:
          'name of the transaction that began the trace, of the one application given: the call that entered must pass status, minMs and maxMs, or, where spans are asked for by more than the application, one of these',
      }),
    ),
    entry: Type.Optional(
      Type.String({ minLength: 1, maxLength: 500, description: 'the tier that the transaction enters by' }),
    ),
    status: Type.Optional(Type.Union([Type.Literal('error'), Type.Literal('ok')])),
    minMs: Type.Optional(Type.Number({ minimum: 0 })),
    maxMs: Type.Optional(Type.Number({ minimum: 0 })),
    attributes: Type.Optional(
      Type.String({
        maxLength: 2_000,
        description:
          'key=value pairs, comma-separated; all of one span: its own attributes, or those of its resource, scope, events or links',
      }),
    ),
    sort: Type.Optional(Type.Union([Type.Literal('newest'), Type.Literal('slowest')])),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 100 })),
  }),
])
export type TraceQuery = Static<typeof TraceQuery>

export const TraceDetailQuery = Type.Object({
  aroundMs: Type.Optional(
    Type.Number({
      description: 'a time within the trace: bounds the look-up to ± 1 h; without it all days are searched',
    }),
  ),
})
export type TraceDetailQuery = Static<typeof TraceDetailQuery>

/**
 * The routes, all JSON, all GET but where said, under /api/v1:
 *
 * /about                                        About
 * /clusters                                     ClusterList           TimeRange
 * /clusters/:clusterId/dashboard                ClusterDashboard      ScopeQuery
 * /clusters/:clusterId/pods                     PodList               PodQuery
 * /clusters/:clusterId/pods/:uid                PodDetail             TimeRange
 * /clusters/:clusterId/nodes                    NodeList              TimeRange
 * /clusters/:clusterId/workloads                WorkloadList          ScopeQuery
 * /clusters/:clusterId/objects                  ObjectList            ObjectQuery
 * /clusters/:clusterId/object                   ObjectDetail          ObjectKey
 * /clusters/:clusterId/namespaces               NamespaceList         TimeRange
 * /clusters/:clusterId/injection                ClusterInjection      NamespaceQuery    as it is now
 * /injection                                    RestartsNeeded        -                 as it is now
 * /clusters/:clusterId/inventory                Inventory             ScopeQuery
 * /clusters/:clusterId/events                   EventList             EventQuery
 * /clusters/:clusterId/events/:uid/chain        EventChain            TimeRange
 * /clusters/:clusterId/crashes                  CrashList             CrashQuery
 * /applications                                 ApplicationList       TimeRange + CompareQuery
 * /applications/:application/dashboard          ApplicationDashboard  TimeRange + CompareQuery
 * /applications/:application/flow-map           FlowMap               FlowMapQuery
 * /applications/:application/operations         OperationList         TimeRange + CompareQuery + service
 * /applications/:application/tiers              TierList              TimeRange + CompareQuery
 * /applications/:application/transaction-anatomy  TransactionAnatomy  TimeRange + service, transaction
 * /applications/:application/transactions       TransactionList       TransactionQuery
 * /applications/:application/transaction        TransactionDetail     TransactionDetailQuery
 * /applications/:application/scorecard          Scorecard             ScorecardQuery
 * /applications/:application/transaction-rules  TransactionRules
 *   PUT                                         TransactionRulesSaved  TransactionRulesChange
 * /applications/:application/transaction-rules/preview
 *   POST                                        TransactionPreview    TransactionRulesDraft
 * /snapshots                                    SnapshotList          SnapshotQuery
 * /applications/:application/hints              HintList              HintQuery
 * /applications/:application/slos               SloList
 * /slos                                         SloList
 *   POST                                        SloSaved              SloDefinition
 * /slos/:sloId                                  SloDetail
 *   PUT                                         SloSaved              SloChange
 *   DELETE                                      SloSaved              version
 * /slos/preview
 *   POST                                        SloPreview            SloDefinition
 * /applications/:application/errors             ErrorList             TimeRange
 * /applications/:application/exceptions/:group  ExceptionDetail       TimeRange
 * /applications/:application/databases          DatabaseList          TimeRange
 * /applications/:application/statement          StatementDetail       StatementQuery
 * /applications/:application/statement-callers  StatementCallers      StatementQuery
 * /applications/:application/backends           BackendList           TimeRange
 * /applications/:application/backend            CallDetail            BackendQuery
 * /applications/:application/calling-transactions  CallingTransactions  CallingTransactionsQuery
 * /applications/:application/endpoints          EndpointList          TimeRange
 * /applications/:application/endpoint           CallDetail            EndpointQuery
 * /applications/:application/information-points PointList             TimeRange
 *   POST                                        PointSaved            PointDraft
 *   /:id PUT                                    PointSaved            PointChange
 *   /preview POST                               PointFigures          PointDraft
 * /applications/:application/span-attributes    AttributeKeys         TimeRange
 * /applications/:application/releases           ReleaseList           TimeRange
 * /applications/:application/tiers/:service/compare
 *                                               ReleaseComparison     ReleaseCompareQuery
 * /releases                                     LatestReleaseList     limit
 * /traces                                       TraceList             TraceQuery
 * /traces/:traceId                              TraceDetail           TraceDetailQuery
 * /traces/:traceId/why                          WhySlow               TraceDetailQuery
 * /traces/:traceId/transactions                 TraceTransactions     TraceDetailQuery
 * /clusters/:clusterId/pods/:uid/transactions   PodTransactions       TimeRange
 * /agents                                       AgentList
 * /clusters/:clusterId/configuration            ClusterConfiguration
 *   PUT                                         ConfigurationSaved    ConfigurationChange
 * /clusters/:clusterId/configuration/preview
 *   POST                                        ConfigurationPreview  ConfigurationDraft
 * /violations                                   ViolationList         ViolationQuery
 *
 * Beside them: /openapi.json, /livez, /readyz, /metrics, and the OTLP routes /v1/{traces,logs,metrics} and /v1/opamp.
 */
export const apiPrefix = '/api/v1'
