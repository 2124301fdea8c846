import { expect, test } from 'vitest'
import type { Ui } from './ui.ts'

/** The view of one trace. */
export function traceScreens(ui: Ui): void {
  test('a trace is also a flame graph, where the arrows walk the calls and the address keeps the span', async () => {
    const { page, errors } = await ui.open(`/traces/${ui.facts().traces.sampleTraceId}?view=flame`)
    await page.getByLabel('Flame graph of 8 spans').waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    const [child] = await ui.store().query<{ spanId: string; operation: string }>({
      sql: `SELECT lower(hex(span_id)) AS spanId, operation FROM spans FINAL
        WHERE trace_id = unhex({traceId:String}) AND service = 'magnanimo' AND kind = 3 ORDER BY start_time LIMIT 1`,
      params: { traceId: ui.facts().traces.sampleTraceId },
    })
    await expect.poll(() => page.url()).toContain(`span=${child?.spanId}`)
    await page
      .getByRole('complementary')
      .getByRole('heading', { name: child?.operation ?? '' })
      .waitFor()
    await page.getByRole('button', { name: 'waterfall' }).click()
    await page.getByRole('treeitem', { selected: true }).filter({ hasText: 'GET' }).waitFor()
    expect(errors).toEqual([])
    await page.close()
  })

  test('a slow trace beside a typical one: the difference of an operation is what the database says', async () => {
    const [trace] = await ui.store().query<{ traceId: string; startMs: number; slowMs: number }>({
      sql: `SELECT lower(hex(trace_id)) AS traceId, toUnixTimestamp64Milli(start_time) AS startMs, duration_ns / 1e6 AS slowMs
        FROM spans FINAL WHERE service = 'benigno' AND status != 2 ORDER BY duration_ns DESC, start_time LIMIT 1`,
      params: {},
    })
    const { page, errors } = await ui.open(`/traces/${trace?.traceId}/compare?aroundMs=${trace?.startMs}`)
    const row = page.getByRole('row').filter({ hasText: 'benigno server' })
    await row.waitFor()
    const cells = await row.getByRole('cell').allTextContents()
    const typicalMs = Number(/^([\d.]+) ms$/.exec(cells[3] ?? '')?.[1])
    const differenceMs = (trace?.slowMs ?? 0) - typicalMs
    expect(typicalMs).toBeGreaterThan(0)
    expect(cells.slice(0, 2)).toEqual(['GET /', `+${Number((differenceMs / 1000).toPrecision(3))} s`])
    // Another one is chosen from the list.
    await page.getByRole('link', { name: 'Choose another trace' }).click()
    await page.getByText('Choose the row to compare').waitFor()
    await page.getByRole('row').getByRole('link', { name: 'GET /hw2' }).nth(1).click()
    await page.getByRole('heading', { name: 'Other trace' }).first().waitFor()
    await expect.poll(() => page.url()).toContain('with=')
    expect(errors).toEqual([])
    await page.close()
  })
}
