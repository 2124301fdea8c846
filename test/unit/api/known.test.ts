import { describe, expect, test } from 'vitest'
import type { Ask } from '../../../collector/service/api/ask.ts'
import { createKnownSpans } from '../../../collector/service/api/known.ts'
import type { KnownRow } from '../../../collector/service/query/known.ts'

const hourMs = 3_600_000
const day = { fromMs: 0, toMs: 24 * hourMs }
const untilMs = 23 * hourMs

/** Answers as ClickHouse would where `spans` says what there is, and tells how often it was asked. */
function knowing(spans: { sidecars: boolean; links: boolean }) {
  let nowMs = 0
  let progressAsked = 0
  const looked: number[] = []
  const ask = (async ({ params }) => {
    const { sinceMs } = params
    if (typeof sinceMs !== 'number') {
      progressAsked++
      return [{ receivedUntilMs: untilMs }]
    }
    looked.push(sinceMs)
    return [{ receivedUntilMs: untilMs, ...spans } satisfies KnownRow]
  }) as Ask
  const known = createKnownSpans(() => nowMs)
  const answered: object[] = []
  const answer = (range = day) =>
    known.answer(ask, range, async (scope) => {
      answered.push(scope)
      return scope
    })
  return {
    known,
    ask,
    answer,
    answered,
    looked,
    progress: () => progressAsked,
    pass: (ms: number) => {
      nowMs += ms
    },
  }
}

// Raw spans are read from five minutes before the progress on, and ten minutes around them.
const rolledUpMs = untilMs - 5 * 60_000
const sinceMs = rolledUpMs - 10 * 60_000

describe('what is known of spans', () => {
  test('is asked before the first answer, and beside the next', async () => {
    const { answer, answered, looked, progress, pass } = knowing({ sidecars: false, links: false })
    const wanted = { ...day, rolledUpMs, noSidecarsSinceMs: sinceMs, noLinksSinceMs: sinceMs }
    expect(await answer()).toEqual(wanted)
    pass(1_000)
    expect(await answer()).toEqual(wanted)
    expect({ answers: answered.length, looked, progress: progress() }).toEqual({
      answers: 2,
      looked: [sinceMs, sinceMs],
      progress: 1,
    })
  })

  test('is looked at from where the range reads raw spans', async () => {
    const { answer, looked, pass } = knowing({ sidecars: false, links: false })
    await answer({ fromMs: 5 * hourMs + 1, toMs: 24 * hourMs })
    pass(1_000)
    await answer({ fromMs: 23.5 * hourMs, toMs: 24 * hourMs })
    // Before what was looked at a moment ago.
    await answer({ fromMs: hourMs, toMs: 2 * hourMs })
    await answer({ fromMs: 3 * hourMs, toMs: 4 * hourMs })
    const margin = 10 * 60_000
    expect(looked).toEqual([5 * hourMs + 1 - margin, 23.5 * hourMs - margin, 2 * hourMs - margin])
  })

  test('is answered again when there are sidecars or links that there were not', async () => {
    const spans = { sidecars: false, links: false }
    const known = knowing(spans)
    const { answered } = known
    const answer = () => {
      known.pass(1_000)
      return known.answer()
    }
    await answer()
    spans.sidecars = true
    expect(await answer()).toEqual({ ...day, rolledUpMs, noLinksSinceMs: sinceMs })
    expect(answered).toHaveLength(3)
    spans.links = true
    expect(await answer()).toEqual({ ...day, rolledUpMs })
    expect(answered).toHaveLength(5)
    // What is gone is looked for in vain, and not the next time.
    spans.links = spans.sidecars = false
    expect(await answer()).toEqual({ ...day, rolledUpMs })
    expect(await answer()).toEqual({
      ...day,
      rolledUpMs,
      noSidecarsSinceMs: sinceMs,
      noLinksSinceMs: sinceMs,
    })
    expect(answered).toHaveLength(7)
  })

  test('is asked anew after a minute, since the rollup goes on', async () => {
    const { known, ask, answer, looked, progress, pass } = knowing({ sidecars: false, links: false })
    expect(await known.receivedUntilMs(ask)).toBe(untilMs)
    await answer()
    expect(await known.receivedUntilMs(ask)).toBe(untilMs)
    expect(progress()).toBe(1)
    pass(60_000)
    expect(await known.receivedUntilMs(ask)).toBe(untilMs)
    await answer()
    expect({ looked: looked.length, progress: progress() }).toEqual({ looked: 2, progress: 2 })
  })
})
