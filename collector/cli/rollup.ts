import { loadServiceConfig } from '../service/config.ts'
import { rebuildRollup } from '../service/rollup/rebuild.ts'
import { createStore } from '../service/store/create-store.ts'
import { systemClock } from '../std/clock.ts'
import { createProgressBar } from './progress.ts'

export interface RollupOptions {
  /** From and to. */
  readonly rebuild: readonly [from: string, to: string]
  readonly config?: string
  readonly clickhouseUrl?: string
  readonly clickhouseDatabase?: string
}

/** `binnacle rollup --rebuild FROM TO`: computes the minutes of the range in every rollup table anew from raw spans, while the service runs or not. */
export async function runRollup(options: RollupOptions): Promise<number> {
  const [fromMs, toMs] = [readTime(options.rebuild[0]), readTime(options.rebuild[1])]
  if (fromMs >= toMs) throw new Error('cannot rebuild this range: it ends before it starts')
  const { clickhouse } = loadServiceConfig({
    file: options.config,
    env: process.env,
    overrides: { 'clickhouse.url': options.clickhouseUrl, 'clickhouse.database': options.clickhouseDatabase },
  })
  const store = createStore({ ...clickhouse, url: clickhouse.url || 'http://127.0.0.1:8123' })
  try {
    const bar = createProgressBar(process.stdout, 'minutes')
    const done = await rebuildRollup({ store, clock: systemClock }, { fromMs, toMs }, (progress) =>
      bar.show(progress.done, progress.minutes),
    )
    bar.close()
    process.stdout.write(`${clickhouse.database}: rebuilt ${done} minutes\n`)
    return 0
  } finally {
    await store.close()
  }
}

/** ISO 8601 (UTC unless it says otherwise) or Unix ms. */
export function readTime(text: string): number {
  const iso = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/.exec(text)
  const ms = /^\d{10,13}$/.test(text) ? Number(text) : iso ? Date.parse(inUtc(text)) : Number.NaN
  if (Number.isFinite(ms)) return ms
  throw new Error(`cannot read the time ${text.slice(0, 40)}: give 2026-01-31T12:00Z or Unix milliseconds`)
}

const inUtc = (iso: string) => (/T.*(Z|[+-]\d\d:\d\d)$/.test(iso) || !iso.includes('T') ? iso : `${iso}Z`)
