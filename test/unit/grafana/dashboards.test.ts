import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { builtInRules, runHealthRules } from '../../../collector/service/health/health-rules.ts'
import { rollupConfig } from '../../../collector/service/rollup/rollup-config.ts'
import { createRollupRuns } from '../../../collector/service/rollup/run.ts'
import { createSlos } from '../../../collector/service/store/slos.ts'
import { systemClock } from '../../../collector/std/clock.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { renderDashboards } from '../../../dashboards/grafana/dashboards.ts'
import { timeBindings } from '../../../dashboards/grafana/panel-sql.ts'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'
import { seedDemo } from '../../support/seed.ts'

interface Target {
  readonly rawSql: string
  readonly format: number
  readonly datasource: { readonly type: string; readonly uid: string }
}
interface Dashboard {
  readonly uid: string
  readonly panels: readonly { readonly title: string; readonly targets: readonly Target[] }[]
  readonly templating: {
    readonly list: readonly {
      readonly name: string
      readonly type: string
      readonly query: string
      readonly allValue?: string
    }[]
  }
}

const nowMs = Date.UTC(2026, 10, 20, 10)
const rendered = renderDashboards()
const dashboards = [...rendered].map(([file, text]) => ({ file, dashboard: JSON.parse(text) as Dashboard }))
const panels = dashboards.flatMap(({ file, dashboard }) =>
  dashboard.panels.map((panel) => ({ name: `${file}: ${panel.title}`, panel })),
)
const variables = dashboards.flatMap(({ file, dashboard }) =>
  dashboard.templating.list
    .filter((one) => one.type === 'query')
    .map((variable) => ({ name: `${file}: ${variable.name}`, variable })),
)
const chosen: Readonly<Record<string, readonly string[]>> = {
  cluster: ['demo'],
  application: ['shop'],
  namespace: ['shop'],
  service: ['magnanimo', 'benigno'],
}
const builtIn: Readonly<Record<string, number>> = {
  __from: nowMs - 3_600_000,
  __to: nowMs,
  __interval_ms: 60_000,
}

/** As Grafana does it: the format sqlstring quotes and escapes, but a custom value of "All" is passed on as it is. */
function substitute(sql: string, selection: 'chosen' | 'all'): string {
  return sql
    .replaceAll(timeBindings['nowMs'] ?? '', String(nowMs))
    .replace(/\$\{(\w+)(?::(\w+))?\}/g, (whole, name: string, format?: string) => {
      const global = builtIn[name]
      if (global !== undefined) return String(global)
      const canBeAll = variables.some(({ variable }) => variable.name === name && variable.allValue)
      const values = chosen[name]
      if (format !== 'sqlstring') throw new Error(`cannot substitute ${whole}: not known`)
      if (canBeAll && (selection === 'all' || !values)) return "''"
      return (values ?? []).map((value) => `'${value.replaceAll("'", "''")}'`).join(',')
    })
}

describe('the dashboards as files', () => {
  test.each([...rendered.keys()])('%s is committed as the code builds it (npm run dashboards)', (file) => {
    const path = join(import.meta.dirname, '../../../dashboards/grafana/json', file)
    expect(readFileSync(path, 'utf8')).toBe(rendered.get(file))
  })
  test('no other file is left over', () => {
    const directory = join(import.meta.dirname, '../../../dashboards/grafana/json')
    expect(readdirSync(directory).sort()).toEqual([...rendered.keys()].sort())
  })
  test('building again gives the same bytes', () => expect([...renderDashboards()]).toEqual([...rendered]))
  test('every panel asks the chosen ClickHouse data source', () => {
    for (const { panel } of panels) {
      for (const { datasource } of panel.targets) {
        expect(datasource).toEqual({ type: 'grafana-clickhouse-datasource', uid: '$datasource' })
      }
    }
  })
  test('panels do not overlap', () => {
    for (const { dashboard } of dashboards) {
      const cells = dashboard.panels.flatMap((panel) => cellsOf(panel as never))
      expect(new Set(cells).size).toBe(cells.length)
    }
  })
})

function cellsOf({
  gridPos: { x, y, w, h },
}: {
  gridPos: { x: number; y: number; w: number; h: number }
}): string[] {
  expect(x + w).toBeLessThanOrEqual(24)
  return Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`)
}

/** What the service makes of the spans meanwhile: rollups, an objective and its violations. */
async function seedRolledUp(store: TestClickHouse['store']): Promise<void> {
  const clock = { ...systemClock, nowMs: () => nowMs + 20 * 60_000 }
  const runs = createRollupRuns({ store, clock }, rollupConfig)
  while ((await runs.next()).backlog);
  const slos = createSlos({ store, clock, log: silentLog })
  const definition = {
    name: 'shop answers',
    application: 'shop',
    service: 'magnanimo',
    transaction: 'GET /hw2',
    objective: 'availability',
    thresholdMs: 0,
    target: 0.9999,
    windowDays: 7,
  } as const
  expect(await slos.save({ sloId: '', version: 0, definition, changedBy: 'test' })).toMatchObject({
    type: 'saved',
  })
  const transactionSettings = { newest: async () => [] }
  const rules = builtInRules({ store, slos, transactionSettings, unjudged: { add() {} } })
  await runHealthRules({ store, clock: { ...systemClock, nowMs: () => nowMs - 1 } }, rules, 15_000)
}

describe('the dashboards on a real engine', () => {
  let clickHouse: TestClickHouse
  beforeAll(async () => {
    clickHouse = await startTestClickHouse()
    await seedDemo(clickHouse.store, { nowMs, minutes: 30, usageStepSeconds: 60 })
    await seedRolledUp(clickHouse.store)
  })
  afterAll(() => clickHouse.close())
  const run = (sql: string) => clickHouse.store.query<Record<string, unknown>>({ sql, params: {} })

  test.each(panels)('$name returns rows', async ({ panel }) => {
    for (const { rawSql, format } of panel.targets) {
      for (const selection of ['all', 'chosen'] as const) {
        const rows = await run(substitute(rawSql, selection))
        expect(rows.length).toBeGreaterThan(0)
        if (format === 0) expect(Object.keys(rows[0] ?? {})[0]).toBe('time')
      }
    }
  })
  test.each(variables)('the variable $name offers values', async ({ variable }) => {
    const rows = await run(substitute(variable.query, 'all'))
    const values = rows.map((row) => Object.values(row)[0])
    expect(values.length).toBeGreaterThan(0)
    for (const value of chosen[variable.name] ?? []) expect(values).toContain(value)
  })
})
