import { type Static, Type } from 'typebox'
import { SloDefinition } from '../../../record/slo.ts'
import { Chart } from './common.ts'

const Ratio = Type.Union([Type.Number(), Type.Null()])

/** What an objective looks like now. */
export const SloStatus = Type.Object({
  total: Type.Number({ description: 'calls in the window' }),
  good: Type.Number(),
  sli: Type.Union([Type.Number(), Type.Null()], {
    description: 'share of good calls, 0…1; null without calls',
  }),
  budget: Type.Object({
    left: Type.Number({ description: 'of the error budget: 1 is untouched, below 0 overspent' }),
    leftCalls: Type.Number({ description: 'bad calls that are left, with as many calls as there were' }),
    leftMinutes: Type.Number({ description: 'the same as time in which every call is bad' }),
  }),
  burn: Type.Object(
    { m5: Type.Number(), m15: Type.Number(), h1: Type.Number(), h6: Type.Number() },
    {
      description: 'how many times faster than the target allows, over 5 and 15 minutes, 1 and 6 hours',
    },
  ),
  bad: Type.Object(
    { h1: Type.Number(), h6: Type.Number() },
    { description: 'bad calls of the last hour and six hours' },
  ),
  burning: Type.Union([Type.Literal('fast'), Type.Literal('slow'), Type.Null()], {
    description:
      'fast: above 14.4 over 1 h and 5 min; slow: above 6 over 6 h and 15 min; with alertBadCalls bad calls in the longer one',
  }),
  state: Type.Union([
    Type.Literal('ok'),
    Type.Literal('burning'),
    Type.Literal('exhausted'),
    Type.Literal('no data'),
  ]),
  exhaustedInMs: Type.Union([Type.Number(), Type.Null()], {
    description: 'at the rate of the last hour; null: nothing burns',
  }),
})
export type SloStatus = Static<typeof SloStatus>

export const SloRow = Type.Object({
  sloId: Type.String(),
  version: Type.Integer({ description: 'a change names the version it is based on' }),
  changedAtMs: Type.Integer(),
  changedBy: Type.String(),
  definition: SloDefinition,
  status: SloStatus,
})
export type SloRow = Static<typeof SloRow>
export const SloList = Type.Object({ slos: Type.Array(SloRow) })
export type SloList = Static<typeof SloList>

export const SloDetail = Type.Object({
  slo: SloRow,
  /** Of UTC days of the window; the first and the last are rarely whole. */
  days: Type.Array(
    Type.Object({
      dayMs: Type.Integer(),
      total: Type.Number(),
      good: Type.Number(),
      sli: Ratio,
      spent: Type.Number({ description: 'of the budget of the window' }),
    }),
  ),
  charts: Type.Object({
    /** Share of bad calls and what the target allows, in %. */
    bad: Chart,
    /** Share of the budget that was left, in %. */
    budget: Chart,
    /** Burn rate of each step. */
    burn: Chart,
  }),
})
export type SloDetail = Static<typeof SloDetail>

export const SloChange = Type.Object(
  {
    version: Type.Integer({ minimum: 1, description: 'the version that the change is based on' }),
    definition: SloDefinition,
  },
  { additionalProperties: false },
)
export type SloChange = Static<typeof SloChange>

export const SloSaved = Type.Object({ sloId: Type.String(), version: Type.Integer() })
export type SloSaved = Static<typeof SloSaved>

/** What an objective would be if it had been there. */
export const SloPreview = Type.Object({
  status: SloStatus,
  lastWeek: Type.Object({ total: Type.Number(), good: Type.Number(), sli: Ratio }),
})
export type SloPreview = Static<typeof SloPreview>
