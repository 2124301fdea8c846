import { createBlockDecoder } from '../../../collector/wire/block-decoder.ts'
import { createCorpus } from '../corpus/fresh.ts'
import type { BenchDatabase, BenchEngine } from '../support/engine.ts'
import { table } from '../support/report.ts'
import { say, sayNow, step } from '../support/say.ts'
import {
  type ColumnBytes,
  columnBytes,
  costOf,
  createOrdered,
  insertSettings,
  tableBytes,
} from './bench-table.ts'
import { type Variant, variants } from './variants.ts'

export interface CodecResult {
  readonly name: string
  readonly bytesPerSpan: number
  readonly indexBytesPerSpan: number
  /** CPU, merges apart. */
  readonly insertMicrosPerSpan: number
  readonly mergeMicrosPerSpan: number
  readonly columns: readonly { readonly name: string; readonly bytesPerSpan: number }[]
}

export interface CodecConfig {
  /** Of 1,024 lean spans. */
  readonly requests: number
  readonly endMs: number
  /** Regular expression over the names of variants; empty: all. */
  readonly only: string
  /** Each is inserted so many times; the cheapest counts. */
  readonly rounds: number
}

/** Lean spans through the product's own decoder, then table by table with other codecs. */
export async function compareCodecs(engine: BenchEngine, config: CodecConfig): Promise<CodecResult[]> {
  const database = await engine.database('codecs')
  await database.run('CREATE TABLE staged AS spans ENGINE = MergeTree ORDER BY tuple()')
  await step(`${config.requests * 1_024} lean spans are decoded and staged`, () =>
    stage(engine, database, config),
  )
  const chosen = variants.filter(({ name }) => new RegExp(config.only).test(name))
  const results: CodecResult[] = []
  for (const variant of chosen) {
    const result = await measure(engine, { database, variant, rounds: config.rounds })
    results.push(result)
    const { name, bytesPerSpan, insertMicrosPerSpan, mergeMicrosPerSpan } = result
    say(
      `${name}: ${bytesPerSpan.toFixed(2)} bytes, insert ${insertMicrosPerSpan.toFixed(2)} µs, merge ${mergeMicrosPerSpan.toFixed(2)} µs`,
    )
  }
  return results
}

const requestsPerBlock = 200

async function stage(
  engine: BenchEngine,
  database: BenchDatabase,
  { requests, endMs }: CodecConfig,
): Promise<void> {
  const corpus = createCorpus({ shape: 'lean', seed: 5, templates: 128, endMs, spreadMs: 5 * 60_000 })
  const decoder = createBlockDecoder()
  const insert = async () => {
    for (const block of decoder.seal()) {
      const url = `${engine.url}/?database=codecs&query=${encodeURIComponent('INSERT INTO staged FORMAT Native')}`
      const response = await fetch(url, { method: 'POST', body: block.bytes })
      if (!response.ok) throw new Error(`cannot stage spans: ${await response.text()}`)
    }
  }
  for (let n = 0; n < requests; n++) {
    const result = decoder.append(
      { signal: 'traces', encoding: 'protobuf', body: corpus.request(n) },
      // A request of a sender every few ms.
      { receivedAtMs: endMs + n * 5, batchId: '' },
    )
    if (result.type === 'invalid') throw new Error(result.message)
    if ((n + 1) % requestsPerBlock === 0) {
      await insert()
      sayNow(`${n + 1} requests are staged`)
    }
  }
  await insert()
  await database.run('OPTIMIZE TABLE staged')
}

interface Measured {
  readonly database: BenchDatabase
  readonly variant: Variant
  readonly rounds: number
}

async function measure(engine: BenchEngine, { database, variant, rounds }: Measured): Promise<CodecResult> {
  const { name, changes, select = '*', orderBy } = variant
  let insertSeconds = Number.POSITIVE_INFINITY
  let mergeSeconds = Number.POSITIVE_INFINITY
  let columns: ColumnBytes[] = []
  let bytes = await tableBytes(database, 'variant')
  for (let round = 0; round < rounds; round++) {
    await database.run('DROP TABLE IF EXISTS variant SYNC')
    if (orderBy) await createOrdered(database, 'variant', orderBy)
    else await database.run('CREATE TABLE variant AS spans')
    for (const change of changes) await database.run(`ALTER TABLE variant ${change}`)
    await database.run('SYSTEM STOP MERGES variant')
    const insert = await costOf(engine, () =>
      database.run(`INSERT INTO variant SELECT ${select} FROM staged SETTINGS ${insertSettings}`),
    )
    await database.run('SYSTEM START MERGES variant')
    const merge = await costOf(engine, () => database.run('OPTIMIZE TABLE variant FINAL'))
    insertSeconds = Math.min(insertSeconds, insert.cpuSeconds)
    mergeSeconds = Math.min(mergeSeconds, merge.cpuSeconds)
    bytes = await tableBytes(database, 'variant')
    columns = await columnBytes(database, 'variant')
  }
  return {
    name,
    bytesPerSpan: bytes.bytes / bytes.rows,
    indexBytesPerSpan: bytes.indexes / bytes.rows,
    insertMicrosPerSpan: (insertSeconds * 1e6) / bytes.rows,
    mergeMicrosPerSpan: (mergeSeconds * 1e6) / bytes.rows,
    columns: columns.map((column) => ({ name: column.name, bytesPerSpan: column.compressed / bytes.rows })),
  }
}

export function codecReport(results: readonly CodecResult[]): string {
  return table(
    ['variant', 'bytes a span', 'of these skip indexes', 'insert, µs of CPU a span', 'merge, µs'],
    results.map((result) => [
      result.name,
      result.bytesPerSpan,
      result.indexBytesPerSpan,
      result.insertMicrosPerSpan,
      result.mergeMicrosPerSpan,
    ]),
  )
}
