import { type Static, Type } from 'typebox'
import { Evidence } from '../../../record/violation.ts'
import { TimeRange } from './common.ts'

export const ViolationRow = Type.Object({
  violationId: Type.String(),
  rule: Type.String(),
  severity: Type.Union([Type.Literal('warning'), Type.Literal('critical')], {
    description: 'at its worst',
  }),
  entityKind: Type.String(),
  entity: Type.String(),
  service: Type.String({ description: 'of transactions: the tier by which they enter' }),
  entityId: Type.String({ description: 'of objectives' }),
  clusterId: Type.String(),
  namespace: Type.String(),
  application: Type.String(),
  message: Type.String(),
  evidence: Type.Union([Evidence, Type.Null()], {
    description: 'of rules on baselines, when it opened or got worse',
  }),
  openedMs: Type.Integer(),
  closedMs: Type.Integer({ description: '0: still open' }),
})
export type ViolationRow = Static<typeof ViolationRow>
export const ViolationList = Type.Object({ violations: Type.Array(ViolationRow) })
export type ViolationList = Static<typeof ViolationList>

const Filter = (description: string) => Type.Optional(Type.String({ maxLength: 300, description }))

export const ViolationQuery = Type.Intersect([
  TimeRange,
  Type.Object({
    application: Filter('of this application only'),
    service: Filter('with a transaction: the tier by which it enters'),
    transaction: Filter('of this transaction only'),
  }),
])
