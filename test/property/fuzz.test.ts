import { expect, test } from 'vitest'
import type { OtlpSignal } from '../../collector/record/otlp.ts'
import { runFuzz } from './fuzz/run.ts'

/** `npm run fuzz:wire` goes on from here for as long as one likes; BINNACLE_TEST_SEED makes a run of these again. */
const seed = Number(process.env['BINNACLE_TEST_SEED'] ?? Date.now() % 1_000_000_007)
const budgetMs = 3_000
const step = 480

test.each<OtlpSignal>(['traces', 'logs', 'metrics'])(
  'the same bytes are the same rows for the reference, the plain and the columnar decoder: %s',
  (signal) => {
    console.log(`fuzz seed ${seed}`)
    const endMs = performance.now() + budgetMs
    let rows = 0
    for (let from = 0; performance.now() < endMs; from += step)
      rows += runFuzz({ seed, from, to: from + step, signals: [signal] }).rows
    expect(rows).toBeGreaterThan(100)
  },
)
