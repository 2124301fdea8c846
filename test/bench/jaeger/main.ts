/**
 * `npm run bench:jaeger`: the data set of Jaeger's published ClickHouse benchmark by its shape, in our tables: bytes a span
 * and its list of questions, beside its published figures. Options: --traces (1,000,000), --rounds (3).
 */
import { parseArgs } from 'node:util'
import { rebuildRollup } from '../../../collector/service/rollup/rebuild.ts'
import { systemClock } from '../../../collector/std/clock.ts'
import { columnBytes, costOf, tableBytes } from '../schema/bench-table.ts'
import { bestOf } from '../support/best-of.ts'
import { type BenchDatabase, startBenchEngine } from '../support/engine.ts'
import { describeMachine, machineText } from '../support/machine.ts'
import { table, writeResults } from '../support/report.ts'
import { say, sayNow, step } from '../support/say.ts'
import { generateJaegerSql, publishedShape } from './generate.ts'
import { type JaegerSample, jaegerQuestions } from './questions.ts'

const { values } = parseArgs({
  options: {
    traces: { type: 'string', default: String(publishedShape.traces) },
    rounds: { type: 'string', default: '3' },
  },
})
const published = { bytesPerSpan: 75.7, spansPerSecond: 52_129 }
const chunkTraces = 100_000
const dayMs = 86_400_000
const rolledUpMs = 2 * 3_600_000
const shape = { ...publishedShape, traces: Number(values.traces) }
/** The last whole day is of yesterday: its minutes can all be rolled up. */
const endMs = Math.floor(Date.now() / dayMs) * dayMs
const beginMs = endMs - shape.days * dayMs

const engine = await startBenchEngine()
try {
  const database = await engine.database('jaeger')
  const [found] = await database.rows<{ version: string }>('SELECT version() AS version')
  const machine = describeMachine(found?.version ?? '')
  const insert = await step(`${shape.traces * shape.spansPerTrace} spans are made and inserted`, () =>
    costOf(engine, () => fill(database)),
  )
  await addResources(database)
  await step('merge', () => database.run('OPTIMIZE TABLE spans FINAL'))
  const spans = await tableBytes(database, 'spans')
  const rolledUp = await step('the last hours are rolled up', () => rollUpLastHours(database))
  const sample = await pickSample(database)
  const answers: { name: string; publishedMs: number; ms: number; rows: number }[] = []
  for (const { name, publishedMs, query } of jaegerQuestions(sample)) {
    const { ms, rows } = await bestOf(Number(values.rounds), engine.pid, () => database.store.query(query))
    say(`${name}: ${ms.toFixed(1)} ms, ${rows} rows`)
    answers.push({ name, publishedMs, ms, rows })
  }
  const columns = await columnBytes(database, 'spans')
  const bytesPerSpan = spans.bytes / spans.rows
  const markdown = `# Jaeger's data set

${machineText(machine)}

Shape of the data set of [Jaeger's ClickHouse benchmark](https://github.com/jaegertracing/jaeger/blob/main/internal/storage/v2/clickhouse/BENCHMARKING.md):
${shape.traces.toLocaleString('en-US')} traces of ${shape.spansPerTrace} spans, ${shape.services} services, ${shape.days} days, ${shape.attributes} attributes of ${shape.keys} keys and ${shape.values} values; keys and values at
random here, which is harder to compress than tracegen's, which count up. Its figures are of 4 cores (Intel Xeon Platinum 8167M, 60 GB,
ClickHouse 26), the mean of three; ours are the best of ${values.rounds}, warm. Its insert is end to end, ours is INSERT … SELECT of generated rows, so only its
size says something. Searches give at most a thousand trace ids, as there, and without the bounds of each trace.

${table(
  ['', 'Jaeger, published', 'Binnacle'],
  [
    ['bytes a span, after merges', published.bytesPerSpan, bytesPerSpan],
    ['with rollups and trace index', '–', bytesPerSpan + rolledUp],
    ['insert, spans/s', published.spansPerSecond, Math.round(spans.rows / insert.seconds)],
    ...answers.map(({ name, publishedMs, ms }): [string, number, number] => [`${name}, ms`, publishedMs, ms]),
  ],
)}

${table(
  ['column', 'bytes a span'],
  columns.slice(0, 8).map(({ name, compressed }) => [name, compressed / spans.rows]),
)}`
  process.stdout.write(`${markdown}\n`)
  if (shape.traces === publishedShape.traces)
    writeResults('jaeger', { markdown, data: { machine, bytesPerSpan, rolledUp, insert, answers } })
} finally {
  await engine.close()
}

async function fill(database: BenchDatabase): Promise<void> {
  for (let from = 0; from < shape.traces; from += chunkTraces) {
    const to = Math.min(shape.traces, from + chunkTraces)
    await database.run(generateJaegerSql({ shape, from, to, beginMs }))
    sayNow(`${to * shape.spansPerTrace} spans`)
  }
}

/** As the service stores them beside the spans. */
async function addResources(database: BenchDatabase): Promise<void> {
  await database.run(`
INSERT INTO resources (resource_id, application, service, attributes, last_seen)
SELECT resource_id, any(application), any(service), map('service.name', any(service)), max(received_at) FROM spans GROUP BY resource_id`)
}

/** Bytes a span of the derived tables, of the last hours: all ten days would take long. */
async function rollUpLastHours(database: BenchDatabase): Promise<number> {
  await rebuildRollup(
    { store: database.store, clock: systemClock },
    { fromMs: endMs - rolledUpMs, toMs: endMs },
    ({ done, minutes }) => sayNow(`${done} of ${minutes} minutes are rolled up`),
  )
  const tables = await database.rows<{ table: string }>(
    "SELECT DISTINCT table FROM system.parts WHERE database = currentDatabase() AND active AND rows > 0 AND table NOT IN ('spans', 'schema_migrations')",
  )
  let bytes = 0
  for (const { table } of tables) {
    await database.run(`OPTIMIZE TABLE ${table} FINAL`)
    bytes += (await tableBytes(database, table)).bytes
  }
  return (bytes * shape.days * dayMs) / (shape.traces * shape.spansPerTrace * rolledUpMs)
}

async function pickSample(database: BenchDatabase): Promise<JaegerSample> {
  const [sample] = await database.rows<JaegerSample>(`
SELECT lower(hex(trace_id)) AS traceId, toUnixTimestamp64Milli(start_time) AS startMs,
  mapKeys(attributes)[5] AS key, mapValues(attributes)[5] AS value, toFloat64(duration_ns) AS durationNs
FROM spans
WHERE start_time > fromUnixTimestamp64Milli(${beginMs + (endMs - beginMs) / 2}) AND service = 'tracegen-03' AND operation = 'child-span-04'
LIMIT 1`)
  if (!sample) throw new Error('BUG: no span was stored')
  return sample
}
