import { type KnownRow, knownOf, knownQuery } from '../query/known.ts'
import type { Known, Range } from '../query/query.ts'
import type { Ask } from './ask.ts'

/** A scope with what is known of its spans: one short question before the long ones of a screen. */
export async function withKnown<Scope extends Range>(ask: Ask, scope: Scope): Promise<Scope & Known> {
  const [row] = await ask<KnownRow>(knownQuery(scope))
  return row === undefined ? scope : { ...scope, ...knownOf(row) }
}
