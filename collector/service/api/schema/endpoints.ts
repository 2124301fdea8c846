import { type Static, Type } from 'typebox'
import { Red } from './applications.ts'
import { Spark } from './calls.ts'
import { TimeRange } from './common.ts'

const Protocol = Type.Union([
  Type.Literal('http'),
  Type.Literal('rpc'),
  Type.Literal('messaging'),
  Type.Literal('other'),
])

/** What a tier offers: its entry spans by protocol and name, whoever calls. */
export const EndpointRow = Type.Object({
  service: Type.String(),
  protocol: Protocol,
  method: Type.String({ description: 'HTTP method, RPC system or messaging system' }),
  name: Type.String({ description: 'route, operation or destination' }),
  red: Red,
  versions: Type.Array(Type.String()),
  sampleTraceId: Type.String({ description: 'of the slowest call' }),
  sampleAtMs: Type.Number(),
  spark: Spark,
})
export type EndpointRow = Static<typeof EndpointRow>

export const EndpointList = Type.Object({ endpoints: Type.Array(EndpointRow), truncated: Type.Boolean() })
export type EndpointList = Static<typeof EndpointList>

export const EndpointQuery = Type.Intersect([
  TimeRange,
  Type.Object({
    service: Type.String({ minLength: 1, maxLength: 253 }),
    protocol: Protocol,
    method: Type.Optional(Type.String({ maxLength: 253, default: '' })),
    name: Type.Optional(Type.String({ maxLength: 2_000, default: '' })),
  }),
])
export type EndpointQuery = Static<typeof EndpointQuery>
