import { type Static, Type } from 'typebox'
import { InformationPoint } from '../../../record/information-point.ts'
import { Chart } from './common.ts'

const Maybe = Type.Union([Type.Number(), Type.Null()])

/** An information point over a range. Counts and sums are rates in the chart; what is null had no number. */
export const PointFigures = Type.Object({
  value: Maybe,
  /** Of counts and sums. */
  perMinute: Maybe,
  spans: Type.Number({ description: 'that match' }),
  skipped: Type.Number({ description: 'of them without a number in the attribute' }),
  /** The groups with the most spans first; `others` last. */
  groups: Type.Array(
    Type.Object({
      name: Type.String({ description: "'': without the attribute" }),
      pooled: Type.Boolean({ description: 'the rest of the groups together' }),
      value: Maybe,
      spans: Type.Number(),
    }),
  ),
  chart: Chart,
})
export type PointFigures = Static<typeof PointFigures>

export const PointRow = Type.Object({
  id: Type.String(),
  version: Type.Integer({ description: 'a change names the version it is based on' }),
  definition: InformationPoint,
  changedAtMs: Type.Integer(),
  changedBy: Type.String(),
  figures: PointFigures,
})
export type PointRow = Static<typeof PointRow>
export const PointList = Type.Object({
  points: Type.Array(PointRow),
  pointsMax: Type.Integer({ description: 'an application can have' }),
})
export type PointList = Static<typeof PointList>

export const PointDraft = Type.Object({ definition: InformationPoint }, { additionalProperties: false })
export type PointDraft = Static<typeof PointDraft>

export const PointChange = Type.Object(
  {
    version: Type.Integer({ minimum: 1, description: 'the version that the change is based on' }),
    definition: Type.Union([InformationPoint, Type.Null()], { description: 'null: it is deleted' }),
  },
  { additionalProperties: false },
)
export type PointChange = Static<typeof PointChange>

export const PointSaved = Type.Object({ id: Type.String(), version: Type.Integer() })
export type PointSaved = Static<typeof PointSaved>

export const AttributeKeys = Type.Object({
  keys: Type.Array(
    Type.Object({
      key: Type.String(),
      spans: Type.Number(),
      numeric: Type.Boolean({ description: 'all values seen are numbers' }),
      samples: Type.Array(Type.String()),
    }),
  ),
})
export type AttributeKeys = Static<typeof AttributeKeys>
