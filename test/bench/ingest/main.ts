/**
 * `npm run bench:ingest`: how fast spans come in, and what they cost on disk. Writes results/ingest.md and ingest.json.
 *
 *   --seconds 60           of each measured end-to-end run
 *   --protocol both        http, grpc, or both (half of the requests each)
 *   --corpus lean          lean or rich, for the end-to-end run
 *   --in-flight 144        requests that wait for their acknowledgement
 *   --quick                everything in about a minute; figures are rough, and no results are written
 *   --no-naive             without the baseline
 */
import { parseArgs } from 'node:util'
import type { Shape } from '../corpus/request.ts'
import { startBenchEngine } from '../support/engine.ts'
import { describeMachine, machineText } from '../support/machine.ts'
import { writeResults } from '../support/report.ts'
import { say } from '../support/say.ts'
import { measureDecode } from './decode.ts'
import { decodeUnderTest } from './decode-under-test.ts'
import { measureEndToEnd, type Protocol } from './end-to-end.ts'
import { naiveDecode } from './naive-decode.ts'
import { type IngestResults, ingestReport } from './report.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    protocol: { type: 'string', default: 'both' },
    corpus: { type: 'string', default: 'lean' },
    'in-flight': { type: 'string', default: '144' },
    quick: { type: 'boolean', default: false },
    naive: { type: 'boolean', default: true },
  },
  allowNegative: true,
})

const shapes: readonly Shape[] = ['lean', 'rich']
const protocols: readonly Protocol[] = ['http', 'grpc', 'both']
const shape = choice('corpus', values.corpus, shapes)
const protocol = choice('protocol', values.protocol, protocols)
const { quick } = values
const seconds = quick ? 8 : Number(values.seconds)
const rounds = quick ? { rounds: 2, roundMs: 500 } : { rounds: 7, roundMs: 2_000 }

const machine = describeMachine(await engineVersion())
say(machineText(machine))
const decode = shapes.flatMap((one) =>
  [decodeUnderTest(), naiveDecode()].map((path) => {
    const result = measureDecode(path, one, rounds)
    say(
      `decode and encode, ${one}, ${path.name}: ${Math.round(result.median).toLocaleString('en-US')} spans/s per core`,
    )
    return result
  }),
)
const common = { shape, inFlight: Number(values['in-flight']), templates: quick ? 32 : 128 }
const binnacle = await measureEndToEnd({
  ...common,
  target: 'binnacle',
  protocol,
  seconds,
  warmSeconds: quick ? 3 : 8,
  disk: true,
})
const naive = values.naive
  ? await measureEndToEnd({
      ...common,
      target: 'naive',
      // More would only wait longer.
      inFlight: Math.min(common.inFlight, 16),
      protocol: 'http',
      seconds: quick ? 8 : Math.min(seconds, 30),
      warmSeconds: quick ? 3 : 8,
      disk: false,
    })
  : undefined

const results: IngestResults = { machine, decode, binnacle, naive }
const markdown = ingestReport(results)
process.stdout.write(`${markdown}\n`)
if (!quick) writeResults('ingest', { markdown, data: results })

async function engineVersion(): Promise<string> {
  const engine = await startBenchEngine()
  try {
    const database = await engine.database('bench')
    const [row] = await database.rows<{ version: string }>('SELECT version() AS version')
    return row?.version ?? ''
  } finally {
    await engine.close()
  }
}

function choice<T extends string>(name: string, value: string, choices: readonly T[]): T {
  const chosen = choices.find((one) => one === value)
  if (!chosen) throw new Error(`--${name} is one of ${choices.join(', ')}, not "${value}"`)
  return chosen
}
