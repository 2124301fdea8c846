import { type Best, bestOf } from '../support/best-of.ts'
import type { BenchDatabase, BenchEngine } from '../support/engine.ts'
import { table } from '../support/report.ts'
import { say, sayNow, step } from '../support/say.ts'
import { type Cost, columnBytes, costOf, createOrdered, insertSettings, tableBytes } from './bench-table.ts'
import { generateSpansSql, spansPerTrace } from './generate.ts'
import { questions } from './questions.ts'

/** The sort orders that are compared; the columns and codecs are those of the newest migration. */
const orders = {
  trace: '(toStartOfHour(start_time), trace_id, start_time, span_id)',
  service: '(service, operation, start_time, trace_id, span_id)',
  both: '(toStartOfHour(start_time), application, service, trace_id, start_time, span_id)',
}
type Order = keyof typeof orders

export interface OrderResult {
  readonly order: string
  readonly spans: number
  readonly bytesPerSpan: number
  readonly indexBytesPerSpan: number
  readonly insert: Cost
  readonly merge: Cost
  readonly questions: readonly ({ readonly name: string } & Best)[]
  readonly columns: readonly { readonly name: string; readonly bytesPerSpan: number }[]
}

export interface OrderConfig {
  readonly traces: number
  readonly endMs: number
  readonly rounds: number
}

const rangeMs = 24 * 3_600_000
const chunkTraces = 250_000

export async function compareOrders(engine: BenchEngine, config: OrderConfig): Promise<OrderResult[]> {
  const staged = await stage(engine, config)
  const results: OrderResult[] = []
  for (const order of ['trace', 'both', 'service'] as const) {
    const database = await engine.database(`by_${order}`)
    await makeTable(database, order)
    results.push(await measure(engine, { database, order, config }))
    await database.run('DROP TABLE spans SYNC')
  }
  await staged.run('DROP TABLE staged SYNC')
  return results
}

/** The rows in the order of their time, without codecs: what is inserted costs as little as possible to read. */
async function stage(engine: BenchEngine, { traces, endMs }: OrderConfig): Promise<BenchDatabase> {
  const database = await engine.database('source')
  await database.run('CREATE TABLE staged AS spans ENGINE = MergeTree ORDER BY tuple()')
  await step(`${traces * spansPerTrace} spans are made`, async () => {
    for (let from = 0; from < traces; from += chunkTraces) {
      const to = Math.min(traces, from + chunkTraces)
      await database.run(
        generateSpansSql({ table: 'staged', from, to, traces, beginMs: endMs - rangeMs, rangeMs }),
      )
      sayNow(`${to * spansPerTrace} spans are made`)
    }
  })
  return database
}

async function makeTable(database: BenchDatabase, order: Order): Promise<void> {
  await createOrdered(database, 'ordered', orders[order])
  await database.run('DROP TABLE spans SYNC')
  await database.run('RENAME TABLE ordered TO spans')
}

interface Measured {
  readonly database: BenchDatabase
  readonly order: Order
  readonly config: OrderConfig
}

async function measure(engine: BenchEngine, { database, order, config }: Measured): Promise<OrderResult> {
  const { store } = database
  // Merges apart, so that their cost is seen.
  await database.run('SYSTEM STOP MERGES spans')
  const insert = await step(`${order}: insert`, () =>
    costOf(engine, () =>
      database.run(`INSERT INTO spans SELECT * FROM source.staged SETTINGS ${insertSettings}`),
    ),
  )
  await database.run('SYSTEM START MERGES spans')
  const merge = await step(`${order}: merge`, () =>
    costOf(engine, () => database.run('OPTIMIZE TABLE spans FINAL')),
  )
  const bytes = await tableBytes(database, 'spans')
  const [sample] = await database.rows<{ traceId: string; traceMs: number }>(`
SELECT lower(hex(trace_id)) AS traceId, toUnixTimestamp64Milli(start_time) AS traceMs FROM spans
WHERE start_time > fromUnixTimestamp64Milli(${config.endMs - rangeMs / 2}) LIMIT 1`)
  if (!sample) throw new Error('BUG: no span was stored')
  const timed: OrderResult['questions'][number][] = []
  for (const { name, query } of questions({ endMs: config.endMs, ...sample })) {
    const best = await bestOf(config.rounds, engine.pid, () => store.query(query))
    timed.push({ name, ...best })
    say(`${order}: ${name}: ${best.ms.toFixed(0)} ms, ${best.cpuMs.toFixed(0)} ms of CPU, ${best.rows} rows`)
  }
  const columns = await columnBytes(database, 'spans')
  return {
    order: orders[order],
    spans: bytes.rows,
    bytesPerSpan: bytes.bytes / bytes.rows,
    indexBytesPerSpan: bytes.indexes / bytes.rows,
    insert,
    merge,
    questions: timed,
    columns: columns.map(({ name, compressed }) => ({ name, bytesPerSpan: compressed / bytes.rows })),
  }
}

export function orderReport(results: readonly OrderResult[]): string {
  const of = (value: (result: OrderResult) => number) => results.map(value)
  const questionNames = results[0]?.questions.map(({ name }) => name) ?? []
  const rows: [string, ...(number | string)[]][] = [
    ['bytes per span after merges', ...of(({ bytesPerSpan }) => bytesPerSpan)],
    ['of these skip indexes', ...of(({ indexBytesPerSpan }) => indexBytesPerSpan)],
    ['insert, thousand spans/s per core', ...of(({ insert, spans }) => spans / insert.cpuSeconds / 1_000)],
    ['merge to one part a day, s of CPU', ...of(({ merge }) => merge.cpuSeconds)],
    ...questionNames.map((name, index): [string, ...string[]] => [
      `${name}, ms (of CPU)`,
      ...results.map(({ questions }) => {
        const { ms = Number.NaN, cpuMs = Number.NaN } = questions[index] ?? {}
        return `${ms.toFixed(0)} (${cpuMs.toFixed(0)})`
      }),
    ]),
  ]
  return `${results[0]?.spans.toLocaleString('en-US')} spans over 24 h in traces of ${spansPerTrace}, twelve attributes a span.

${table(['', ...results.map(({ order }) => `\`${order}\``)], rows)}`
}
