import { expect, test } from 'vitest'
import { cellsOf, type Ui } from './ui.ts'

/** The tabs of an application. */
export function applicationScreens(ui: Ui): void {
  test('nodes of a tier: calls of each as the database has them, and from a pod to its panel in one click', async () => {
    const { page, errors } = await ui.open(`/applications/shop/tiers?${ui.range()}`)
    await page.getByRole('row').filter({ hasText: 'benigno' }).first().click()
    const card = page.locator('section.card').filter({ hasText: 'Nodes of benigno' })
    await card.getByText('3 nodes').waitFor()
    const rows = await ui.store().query<{ pod: string; calls: number }>({
      sql: `SELECT pod, toFloat64(count()) AS calls FROM spans FINAL
        WHERE service = 'benigno' AND kind = 2 GROUP BY pod ORDER BY calls DESC, pod`,
      params: {},
    })
    const shown = await cellsOf(card)
    expect(shown.map((cells) => [cells[0], cells[4]])).toEqual(
      rows.map(({ pod, calls }) => [pod, `${Number((calls / 60).toPrecision(3))}/min`]),
    )
    await card.getByRole('link', { name: 'benigno-v2-6f77-0' }).click()
    await page.getByRole('complementary').getByText('Containers').waitFor()
    expect(errors).toEqual([])
    await page.close()
  })
}
