/**
 * `npm run bench:query`: how long the service takes to answer what the screens ask, over its own routes, with 20 million spans of
 * a day in the embedded engine, all of it rolled up but the newest minutes.
 *
 *   --traces N    of 8 spans each (2,500,000)
 *   --rounds N    how often each question is asked (7)
 *   --data DIR    keep what was loaded, and ask it again the next time
 *   --only WORDS  questions whose name has these words; no busy minute
 *   --statements DIR  what each statement of a question took, and its text in this directory
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createApp } from '../../../collector/service/app.ts'
import { isDatabaseCall, statementHash } from '../../../collector/service/query/statement-sql.ts'
import { computeMinutes, lanesFor, run } from '../../../collector/service/rollup/compute-minutes.ts'
import { recordProgressQuery } from '../../../collector/service/rollup/progress-sql.ts'
import { rebuildRollup } from '../../../collector/service/rollup/rebuild.ts'
import { createAgentConfigs } from '../../../collector/service/store/agent-configs.ts'
import { createInformationPoints } from '../../../collector/service/store/information-points.ts'
import { createSlos } from '../../../collector/service/store/slos.ts'
import { createTransactionSettings } from '../../../collector/service/store/transaction-settings.ts'
import { systemClock } from '../../../collector/std/clock.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { costOf, tableBytes } from '../schema/bench-table.ts'
import { generateSpansSql, spansPerTrace } from '../schema/generate.ts'
import { type BenchDatabase, startBenchEngine } from '../support/engine.ts'
import { describeMachine, machineText } from '../support/machine.ts'
import { cpuSecondsOf } from '../support/process-stat.ts'
import { median, quantile, table, writeResults } from '../support/report.ts'
import { say, sayNow, step } from '../support/say.ts'
import { type QuerySample, questions } from './questions.ts'
import { timedStore } from './timed-store.ts'

const { values } = parseArgs({
  options: {
    traces: { type: 'string', default: '2500000' },
    rounds: { type: 'string', default: '7' },
    data: { type: 'string' },
    only: { type: 'string', default: '' },
    statements: { type: 'string' },
  },
})
/** What `--data` holds. */
interface Kept {
  readonly traces: number
  readonly endMs: number
  readonly loaded: Awaited<ReturnType<typeof load>>
}
const keptFile = values.data ? join(values.data, 'loaded.json') : ''
const kept: Kept | undefined =
  keptFile && existsSync(keptFile) ? JSON.parse(readFileSync(keptFile, 'utf8')) : undefined
const traces = kept?.traces ?? Number(values.traces)
const rangeMs = 24 * 3_600_000
const chunkTraces = 250_000
/** Long over, so that the data is the same however long the load takes; the clock of the service stands at the end. */
const endMs = kept?.endMs ?? Math.floor(Date.now() / 3_600_000) * 3_600_000
const beginMs = endMs - rangeMs
/** In a service at work the newest parts are not merged yet: the last hour arrives in inserts of so many ms. */
const insertEveryMs = 5_000
/** The newest minutes are read raw, as they are in a service at work. */
const openMs = 3 * 60_000
/** Of 60,000 spans/s. */
const busyMinuteSpans = 3_600_000

const engine = await startBenchEngine(values.data)
try {
  const database = await engine.database('query')
  const [found] = await database.rows<{ version: string }>('SELECT version() AS version')
  const machine = describeMachine(found?.version ?? '')
  const loaded = kept?.loaded ?? (await load(database))
  if (keptFile && !kept) writeFileSync(keptFile, JSON.stringify({ traces, endMs, loaded } satisfies Kept))
  const store = values.statements ? timedStore(database.store, values.statements) : database.store
  const clock = { ...systemClock, nowMs: () => endMs }
  const app = await createApp(
    {
      store,
      configs: createAgentConfigs({ store, clock, log: silentLog }),
      slos: createSlos({ store, clock, log: silentLog }),
      transactionSettings: createTransactionSettings({ store, clock, log: silentLog }),
      points: createInformationPoints({ store, clock, log: silentLog }),
      nowMs: clock.nowMs,
      log: silentLog,
      metrics: { handle: (_request, response) => response.end('') },
      notReady: async () => '',
      observe: () => {},
      registerIntake: () => {},
    },
    {
      version: 'bench',
      notice: '',
      storeMode: 'embedded',
      storeVersion: () => '',
      uiDirectory: '/nonexistent',
    },
  )
  const sample = await pickSample(database)
  const answers: Answer[] = []
  for (const { name, goalMs, path } of questions(sample, endMs).filter(({ name }) =>
    name.includes(values.only),
  ))
    answers.push(await ask({ name, goalMs, path }))
  await app.close()
  const minute = values.only || values.statements ? undefined : await busyMinute()
  const markdown = `# Questions of the screens

${machineText(machine)}

${(traces * spansPerTrace).toLocaleString('en-US')} spans over 24 h in traces of ${spansPerTrace}, twenty services in their applications, twelve attributes a span, made in the
engine: 23 hours of them merged, the last in inserts of ${insertEveryMs / 1000} s and in the parts that the engine made of these. ${loaded.bytesPerSpan.toFixed(1)} bytes a span after merges, ${loaded.derivedBytesPerSpan.toFixed(1)} more for what is derived of them. Each question is a request to the
service's own routes (no network), answered from ClickHouse each time: the engine's caches are warm, there is no other. Medians and the
slowest of ${values.rounds}; CPU is the engine's. Nothing else ran.

${table(
  ['question', 'goal, ms', 'median, ms', 'slowest, ms', 'CPU, ms', ''],
  answers.map(({ name, goalMs, p50Ms, maxMs, cpuMs }) => [
    name,
    goalMs ?? '–',
    p50Ms,
    maxMs,
    cpuMs,
    goalMs === undefined ? '' : p50Ms <= goalMs ? 'met' : 'missed',
  ]),
)}
${
  minute
    ? `
The rollup job computes one busy minute of ${busyMinuteSpans.toLocaleString('en-US')} spans (60,000 a second) in ${minute.seconds.toFixed(1)} s (${minute.cpuSeconds.toFixed(1)} s of CPU; goal 5 s: ${minute.seconds <= 5 ? 'met' : 'missed'}).`
    : ''
}
Loading took ${loaded.insertSeconds.toFixed(0)} s, rolling up the day ${loaded.rollupSeconds.toFixed(0)} s.`
  process.stdout.write(`${markdown}\n`)
  if (minute && traces >= 2_500_000)
    writeResults('query', { markdown, data: { machine, loaded, answers, minute } })

  async function ask({
    name,
    goalMs,
    path,
  }: Omit<Answer, 'p50Ms' | 'maxMs' | 'cpuMs' | 'bytes'>): Promise<Answer> {
    const ms: number[] = []
    const cpu: number[] = []
    let bytes = 0
    for (let round = 0; round <= Number(values.rounds); round++) {
      const cpuBefore = cpuSecondsOf(engine.pid)
      const startedAt = performance.now()
      const answer = await app.inject(path)
      const took = performance.now() - startedAt
      if (answer.statusCode !== 200)
        throw new Error(`${path}: ${answer.statusCode} ${answer.body.slice(0, 300)}`)
      bytes = answer.rawPayload.length
      if (round === 0) continue // It warms the caches.
      ms.push(took)
      cpu.push((cpuSecondsOf(engine.pid) - cpuBefore) * 1000)
    }
    const answer = {
      name,
      goalMs,
      path,
      p50Ms: median(ms),
      maxMs: quantile(ms, 1),
      cpuMs: median(cpu),
      bytes,
    }
    say(`${name}: ${answer.p50Ms.toFixed(1)} ms, ${bytes} bytes`)
    return answer
  }
} finally {
  await engine.close()
}

interface Answer {
  readonly name: string
  readonly goalMs: number | undefined
  readonly path: string
  readonly p50Ms: number
  readonly maxMs: number
  readonly cpuMs: number
  readonly bytes: number
}

async function load(database: BenchDatabase) {
  const insertUntil = async (from: number, until: number, inOne: number): Promise<void> => {
    for (let at = from; at < until; at += inOne) {
      const to = Math.min(until, at + inOne)
      await database.run(generateSpansSql({ table: 'spans', from: at, to, traces, beginMs, rangeMs }))
      sayNow(`${to * spansPerTrace} spans`)
    }
  }
  const lastHour = Math.round((traces * (rangeMs - 3_600_000)) / rangeMs)
  const insert = await step(`${lastHour * spansPerTrace} spans are made and inserted`, () =>
    costOf(engine, () => insertUntil(0, lastHour, chunkTraces)),
  )
  await step('merge', () => database.run('OPTIMIZE TABLE spans FINAL'))
  const spans = await tableBytes(database, 'spans')
  const inOneInsert = Math.ceil((traces * insertEveryMs) / rangeMs)
  await step('the last hour arrives', () => insertUntil(lastHour, traces, inOneInsert))
  await database.run(`
INSERT INTO resources (resource_id, cluster_id, namespace, application, service, version, pod, attributes, last_seen)
SELECT resource_id, any(cluster_id), any(namespace), any(application), any(service), any(version), any(pod), map('service.name', any(service)), max(received_at)
FROM spans GROUP BY resource_id`)
  const rollup = await step('the day is rolled up', () =>
    costOf(engine, async () => {
      await rebuildRollup(
        { store: database.store, clock: systemClock },
        { fromMs: beginMs, toMs: endMs - openMs },
        ({ done, minutes }) => sayNow(`${done} of ${minutes} minutes`),
      )
      await run(database.store, recordProgressQuery({ job: 'red_1m', untilMs: endMs - openMs }))
    }),
  )
  const derived = await database.rows<{ table: string }>(
    "SELECT DISTINCT table FROM system.parts WHERE database = currentDatabase() AND active AND rows > 0 AND (match(table, '_1[mh]$') OR table IN ('trace_index', 'snapshots', 'db_statements', 'exception_groups'))",
  )
  let derivedBytes = 0
  for (const { table: name } of derived) {
    await database.run(`OPTIMIZE TABLE ${name} FINAL`)
    derivedBytes += (await tableBytes(database, name)).bytes
  }
  return {
    insertSeconds: insert.seconds,
    rollupSeconds: rollup.seconds,
    bytesPerSpan: spans.bytes / spans.rows,
    derivedBytesPerSpan: derivedBytes / spans.rows,
  }
}

/** One minute with the spans of a site of 60,000 a second, between two like it, in a database of its own. */
async function busyMinute() {
  const database = await engine.database('minute')
  const minutes = 3
  const count = (busyMinuteSpans / spansPerTrace) * minutes
  const fromMs = endMs - 3_600_000
  for (let from = 0; from < count; from += chunkTraces)
    await database.run(
      generateSpansSql({
        table: 'spans',
        from,
        to: Math.min(count, from + chunkTraces),
        traces: count,
        beginMs: fromMs,
        rangeMs: minutes * 60_000,
      }),
    )
  const deps = { store: database.store, clock: systemClock, lanes: lanesFor(busyMinuteSpans) }
  // What it compares with: the minutes before.
  await computeMinutes(deps, [fromMs], 0n)
  return step('a busy minute is computed', () =>
    costOf(engine, async () => {
      await computeMinutes(deps, [fromMs + 60_000], 0n)
    }),
  )
}

async function pickSample(database: BenchDatabase): Promise<QuerySample> {
  const [span] = await database.rows<QuerySample>(`
SELECT lower(hex(trace_id)) AS traceId, application, service, operation, attributes['app.tenant'] AS tenant
FROM spans WHERE toStartOfHour(start_time) = toDateTime(${(endMs - 6 * 3_600_000) / 1000}, 'UTC') AND kind = 1 AND service = 'checkout'
LIMIT 1`)
  const [any] = span
    ? [span]
    : await database.rows<QuerySample>(`
SELECT lower(hex(trace_id)) AS traceId, application, service, operation, attributes['app.tenant'] AS tenant
FROM spans WHERE toStartOfHour(start_time) = toDateTime(${(endMs - 6 * 3_600_000) / 1000}, 'UTC') AND kind = 1 LIMIT 1`)
  const [statement] = await database.rows<QuerySample>(`
SELECT application AS caller, db_system AS system, peer, toString(${statementHash}) AS hash
FROM spans WHERE toStartOfHour(start_time) = toDateTime(${(endMs - 6 * 3_600_000) / 1000}, 'UTC') AND ${isDatabaseCall} LIMIT 1`)
  if (!any || !statement) throw new Error('BUG: no span was stored')
  return { ...any, ...statement }
}
