import { beforeAll, expect, test } from 'vitest'
import { formatValue } from '../../dashboards/web/src/format.ts'
import { seedEdgeHistory, seedHistory } from '../support/seed/history.ts'
import type { Ui } from './ui.ts'

const hourMs = 3_600_000

/** Charts and tables beside what is usual. */
export function baselineScreens(ui: Ui): void {
  beforeAll(async () => {
    // A week of each hour of the range; the tier answers in 2 to 8 ms, where the seeded hour takes 44.
    const firstMs = Math.floor(ui.facts().fromMs / hourMs) * hourMs
    const hours = [1, 2, 3, 4, 5, 6, 7].flatMap((days) =>
      [0, hourMs].map((more) => firstMs - days * 24 * hourMs + more),
    )
    await seedEdgeHistory(
      ui.store(),
      { caller: 'magnanimo', callee: 'benigno' },
      hours.map((hourMs, index) => ({ hourMs, calls: 900, durations: [[2 ** (1 + (index % 3)), 900]] })),
    )
    await seedHistory(
      ui.store(),
      hours.map((at, index) => {
        const calls = 900 + 120 * (index % 5)
        return { hourMs: at, calls, errors: index, durations: [[2 ** (1 + (index % 3)), calls]] }
      }),
    )
  })

  test('the band of the load says mean ± 2 σ of the same hours of the days before, and another baseline says its own', async () => {
    const { page, errors } = await ui.open(`/applications/shop?${ui.range()}`)
    const { toMs } = ui.facts()
    const lastHourMs = Math.floor((toMs - 1) / hourMs) * hourMs
    const bandOf = async (condition: string) => {
      const [row] = await ui.store().query<{ mean: number; sigma: number; hours: number }>({
        sql: `SELECT avg(rate) AS mean, stddevSamp(rate) AS sigma, toFloat64(count()) AS hours FROM (
          SELECT hour, sum(calls) / 60 AS rate FROM red_1h FINAL
          WHERE application = 'shop' AND entering AND hour < fromUnixTimestamp64Milli({lastHourMs:Int64}) AND ${condition}
          GROUP BY hour)`,
        params: { lastHourMs },
      })
      const { mean = 0, sigma = 0, hours } = row ?? {}
      const [lower, upper] = [mean - 2 * sigma, mean + 2 * sigma].map((one) =>
        formatValue(Math.max(0, one), '1/min'),
      )
      return `usual calls ${lower} – ${upper} (n = ${hours} h)`
    }
    await page
      .getByText(await bandOf('toHour(hour) = toHour(fromUnixTimestamp64Milli({lastHourMs:Int64}))'))
      .waitFor()
    await page.getByRole('button', { name: 'vs daily baseline' }).click()
    await page.getByRole('button', { name: 'All-data baseline' }).click()
    await page.getByText(await bandOf('true')).waitFor()
    expect(page.url()).toContain('compare=all')
    expect(errors).toEqual([])
    await page.close()
  })

  test('a tier that is slower than usual stands out in the table and on the map', async () => {
    const { page, errors } = await ui.open(`/applications/shop?${ui.range()}`)
    await page
      .getByRole('row')
      .filter({ hasText: 'magnanimo' })
      .getByText(/▲ \+[\d.]+ σ/)
      .first()
      .waitFor()
    const tier = page.getByRole('button', { name: /^tier magnanimo: .+, p95 \+[\d.]+ σ/ })
    // The numbers are said when pointed at.
    const [failing] = await ui.store().query<{ now: number; mean: number; sigma: number }>({
      sql: `SELECT
        (SELECT toFloat64(countIf(status = 2)) FROM spans FINAL WHERE service = 'magnanimo' AND kind = 2) / 60 AS now,
        avg(rate) AS mean, stddevSamp(rate) AS sigma
        FROM (
          SELECT hour, sum(errors) / 60 AS rate FROM red_1h FINAL
          WHERE application = 'shop' AND service = 'magnanimo' AND hour < toStartOfHour(fromUnixTimestamp64Milli({fromMs:Int64}))
            AND toHour(hour) IN (toHour(fromUnixTimestamp64Milli({fromMs:Int64})), toHour(fromUnixTimestamp64Milli({toMs:Int64} - 1)))
          GROUP BY hour
        )`,
      params: { fromMs: ui.facts().fromMs, toMs: ui.facts().toMs },
    })
    const { now = 0, mean = 0, sigma = 0 } = failing ?? {}
    const said = /errors ([\d.]+)\/min, usual 0\/min – ([\d.]+)\/min \(n = 14 h\), \+([\d.]+) σ/.exec(
      (await tier.getAttribute('title')) ?? '',
    )
    const [rate, upper, deviation] = (said?.slice(1) ?? []).map(Number)
    expect(rate).toBeCloseTo(now, 6)
    expect(upper).toBeCloseTo(mean + 2 * sigma, 2)
    expect(deviation).toBeCloseTo((now - mean) / sigma, 0)
    // So are calls between tiers; what has no past says so by its shape.
    await page
      .getByRole('button', { name: /^magnanimo calls benigno: .+✕ p95 \+[\d.]+ σ/ })
      .getByText(/✕ p95 \+/)
      .waitFor()
    await page.getByRole('list', { name: 'What shapes and colours mean' }).getByText('over 3 σ').waitFor()
    expect(errors).toEqual([])
    await page.close()
  })

  test('a transaction stands beside its own past: in the list, and as bands on its charts', async () => {
    const { page, errors } = await ui.open(`/applications/shop/transactions?${ui.range()}`)
    const row = page.getByRole('row').filter({ hasText: 'GET /hw2' })
    const [usual] = await ui.store().query<{ mean: number; sigma: number; hours: number; p95: number }>({
      sql: `SELECT avg(rate) AS mean, stddevSamp(rate) AS sigma, toFloat64(count()) AS hours FROM (
        SELECT hour, sum(calls) / 60 AS rate FROM transactions_1h FINAL
        WHERE application = 'shop' AND service = 'magnanimo' AND transaction = 'GET /hw2'
          AND hour < fromUnixTimestamp64Milli({lastHourMs:Int64}) AND toHour(hour) = toHour(fromUnixTimestamp64Milli({lastHourMs:Int64}))
        GROUP BY hour)`,
      params: { lastHourMs: Math.floor((ui.facts().toMs - 1) / hourMs) * hourMs },
    })
    const deviation = await row.getByText(/▲ \+[\d.]+ σ/).getAttribute('title')
    expect(deviation).toMatch(/^usual .+ from 14 hours$/)
    await row.getByRole('link', { name: 'GET /hw2' }).click()
    const { mean = 0, sigma = 0, hours } = usual ?? {}
    const [lower, upper] = [mean - 2 * sigma, mean + 2 * sigma].map((one) =>
      formatValue(Math.max(0, one), '1/min'),
    )
    await page.getByText(`usual calls ${lower} – ${upper} (n = ${hours} h)`).waitFor()
    await page.getByText(/^usual p95 /).waitFor()
    await page.getByText(/^usual errors /).waitFor()
    expect(errors).toEqual([])
    await page.close()
  })

  test('a baseline of fewer than three hours says that it warms up', async () => {
    const { page, errors } = await ui.open(`/applications/shop?${ui.range()}&compare=monthly`)
    await page.getByText('baseline warms up: 0 of 3 hours like this one').first().waitFor()
    expect(errors).toEqual([])
    await page.close()
  })
}
