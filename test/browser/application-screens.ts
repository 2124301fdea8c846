import { expect, test } from 'vitest'
import { cellsOf, type Ui } from './ui.ts'

/** The tabs of an application. */
export function applicationScreens(ui: Ui): void {
  test('a tier: its map has what calls it, its nodes the calls of each as the database has them, and a pod opens in one click', async () => {
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
    const map = page.locator('section.card').filter({ hasText: 'Flow map of benigno' })
    await map.getByRole('button', { name: 'As table' }).click()
    await map.getByRole('cell', { name: 'synchronous' }).first().waitFor()
    const all = rows.reduce((sum, { calls }) => sum + calls, 0)
    const [edge, ...others] = await cellsOf(map)
    expect([edge?.[0], edge?.[1], edge?.[4]]).toEqual([
      'magnanimo',
      'benigno',
      `${Number((all / 60).toPrecision(3))}/min`,
    ])
    expect(others).toEqual([])
    await card.getByRole('link', { name: 'benigno-v2-6f77-0' }).click()
    await page.getByRole('complementary').getByText('Containers').waitFor()
    expect(errors).toEqual([])
    await page.close()
  })
}
