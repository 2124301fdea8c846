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
}
