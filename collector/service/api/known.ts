import { type KnownRow, knownOf, knownQuery, rawSinceMs } from '../query/known.ts'
import type { Known, Range } from '../query/query.ts'
import { rolledUpMsOf, rolledUpToQuery } from '../query/red-rollup.ts'
import type { Ask } from './ask.ts'

/** What is known of spans before a screen asks its long questions: see Known. */
export interface KnownSpans {
  /**
   * Answers with what was known the last time, and looks meanwhile whether it still holds for the range, if that was not this
   * very moment. If there are sidecars or links now that there were not, what was answered is thrown away and answered again.
   */
  answer<Scope extends Range, Answer>(
    ask: Ask,
    scope: Scope,
    answer: (scope: Scope & Known) => Promise<Answer>,
  ): Promise<Answer>
  /** Unix ms: spans that were received before are rolled up. It may be known from a while ago, when less was. */
  receivedUntilMs(ask: Ask): Promise<number>
  /** The scope with that alone, for questions without text about sidecars and links. */
  rolledUp<Scope extends Range>(ask: Ask, scope: Scope): Promise<Scope & Known>
}

/** An older progress of the rollup is as right, but more is read raw. */
const knownForMs = 60_000
/** A screen asks several questions at once: what was looked at for one holds for the next. */
const holdsForMs = 1_000

export function createKnownSpans(monotonicMs: () => number): KnownSpans {
  let last: (KnownRow & { readonly atMs: number; readonly sinceMs: number }) | undefined
  let progress: { readonly receivedUntilMs: number; readonly atMs: number } | undefined
  const ifFresh = <Of extends { readonly atMs: number }>(of: Of | undefined) =>
    of && monotonicMs() - of.atMs < knownForMs ? of : undefined

  async function look(ask: Ask, sinceMs: number): Promise<KnownRow> {
    const atMs = monotonicMs()
    const [row] = await ask<KnownRow>(knownQuery(sinceMs))
    if (row === undefined) throw new Error('BUG: a question without a FROM has no row')
    last = { ...row, atMs, sinceMs }
    progress = last
    return row
  }

  async function receivedUntilMs(ask: Ask): Promise<number> {
    const known = ifFresh(progress)
    if (known) return known.receivedUntilMs
    const atMs = monotonicMs()
    const [row] = await ask<{ receivedUntilMs: number }>(rolledUpToQuery())
    progress = { receivedUntilMs: row?.receivedUntilMs ?? 0, atMs }
    return progress.receivedUntilMs
  }

  return {
    receivedUntilMs,
    rolledUp: async (ask, scope) => ({ ...scope, rolledUpMs: rolledUpMsOf(await receivedUntilMs(ask)) }),
    async answer(ask, scope, answer) {
      const guess = ifFresh(last)
      const rolledUpMs = rolledUpMsOf(guess?.receivedUntilMs ?? (await receivedUntilMs(ask)))
      const sinceMs = rawSinceMs({ ...scope, rolledUpMs })
      const answerBy = (row: Pick<KnownRow, 'sidecars' | 'links'>) =>
        answer({ ...scope, ...knownOf(row, { rolledUpMs, sinceMs }) })
      if (guess === undefined) return answerBy(await look(ask, sinceMs))
      if (monotonicMs() - guess.atMs < holdsForMs && guess.sinceMs <= sinceMs) return answerBy(guess)
      const [answered, now] = await Promise.all([answerBy(guess), look(ask, sinceMs)])
      const holds = (guess.sidecars || !now.sidecars) && (guess.links || !now.links)
      return holds ? answered : answerBy(now)
    },
  }
}
