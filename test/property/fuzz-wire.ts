import { parseArgs } from 'node:util'
import type { OtlpSignal } from '../../collector/record/otlp.ts'
import { Disagreement } from './fuzz/judge.ts'
import { type FuzzCounts, runFuzz } from './fuzz/run.ts'

/**
 * `npm run fuzz:wire -- --runs N --seed S --signal traces,logs,metrics`: the same bytes through the reference, the plain and
 * the columnar decoders. Ends at the first disagreement, and says how to make it again (`--from`, `--to`).
 */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_007) },
    signal: { type: 'string', default: 'traces,logs,metrics' },
    from: { type: 'string', default: '0' },
    to: { type: 'string' },
  },
})

const seed = Number(values.seed)
const from = Number(values.from)
const to = values.to === undefined ? from + Number(values.runs) : Number(values.to)
const signals = values.signal.split(',').filter(isSignal)
const step = 48_000

function isSignal(text: string): text is OtlpSignal {
  return text === 'traces' || text === 'logs' || text === 'metrics'
}

// Thousands of damaged messages a second: nobody reads where each was found.
Error.stackTraceLimit = 0

/** False: it found a disagreement. */
function run(): boolean {
  console.log(`seed ${seed}, inputs ${from} to ${to}, ${signals.join(', ')}`)
  const startedMs = performance.now()
  const total: Record<string, number> = {}
  for (let at = from; at < to; at += step) {
    const end = Math.min(to, at + step)
    try {
      const counts: FuzzCounts = runFuzz({ seed, from: at, to: end, signals })
      for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count
    } catch (error) {
      if (!(error instanceof Disagreement)) throw error
      console.error(error.message)
      return false
    }
    const seconds = (performance.now() - startedMs) / 1000
    console.log(`${end - from} inputs, ${Math.round((end - from) / seconds)}/s`)
  }
  console.log(`no disagreement: ${JSON.stringify(total)}`)
  return true
}

if (!run()) process.exitCode = 1
