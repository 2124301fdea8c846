import { expect, test } from 'vitest'
import type { Ui } from './ui.ts'

/** What may be the cause: of an application's slowness, and of one trace's. */
export function rootCauseScreens(ui: Ui): void {
  test('likely causes are asked for by a click, say how many requests there were, and are in the address', async () => {
    const { toMs } = ui.facts()
    const fromMs = toMs - 15 * 60_000
    const { page, errors } = await ui.open(`/applications/shop?from=${fromMs}&to=${toMs}`)
    await page.getByRole('button', { name: 'Find causes' }).click()
    const card = page.locator('section.card').filter({ hasText: 'Likely causes' })
    const [row] = await ui.store().query<{ requests: number }>({
      sql: `SELECT toFloat64(count()) AS requests FROM spans FINAL
        WHERE service = 'magnanimo' AND kind = 2 AND start_time >= fromUnixTimestamp64Milli({fromMs:Int64})`,
      params: { fromMs },
    })
    await card.getByText(`${row?.requests} requests`).waitFor()
    expect(page.url()).toContain('causes=before')
    await card.getByRole('combobox').selectOption('day')
    await card.getByText('none in the reference').waitFor()
    expect(errors).toEqual([])
    await page.close()
  })

  test('spans of a trace that took longer than usual are named beside what is usual', async () => {
    // Every 25th trace of the seed is slow in benigno: 1.2 s instead of 8 ms.
    const [slow] = await ui.store().query<{ traceId: string; ms: number; startMs: number }>({
      sql: `SELECT lower(hex(trace_id)) AS traceId, duration_ns / 1e6 AS ms, toUnixTimestamp64Milli(start_time) AS startMs
        FROM spans FINAL WHERE service = 'benigno' ORDER BY start_time < {middle:DateTime64(3)}, duration_ns DESC LIMIT 1`,
      params: { middle: (ui.facts().toMs - 15 * 60_000) / 1_000 },
    })
    const { page, errors } = await ui.open(`/traces/${slow?.traceId}?aroundMs=${slow?.startMs}`)
    await page.getByRole('button', { name: 'Find slow spans' }).click()
    const card = page.locator('section.card').filter({ hasText: 'Slower than usual' })
    const row = card.getByRole('row').filter({ hasText: 'benigno GET /' })
    await row.getByText(`${((slow?.ms ?? 0) / 1_000).toPrecision(3)} s`).waitFor()
    await row.getByRole('button').click()
    await page.getByRole('complementary').getByText('Own time').first().waitFor()
    expect(errors).toEqual([])
    await page.close()
  })
}
