import { expect, test } from 'vitest'
import { cellsOf, type Ui } from './ui.ts'

/** Releases of an application and their comparison. */
export function releaseScreens(ui: Ui): void {
  const sideRows = () =>
    ui.store().query<{ version: string; calls: number; failed: number }>({
      sql: `SELECT version, toFloat64(count()) AS calls, toFloat64(countIf(status = 2)) AS failed FROM spans FINAL
        WHERE service = 'benigno' AND kind = 2 GROUP BY version ORDER BY version DESC`,
      params: {},
    })

  test('versions of a tier with calls and errors as the database has them, and the verdict of the newest', async () => {
    const { page, errors } = await ui.open(`/applications/shop/releases?${ui.range()}`)
    const card = page.locator('section.card').filter({ has: page.getByRole('heading', { name: 'benigno' }) })
    await card.getByText('v2 is better than v1: errors 5.56 % → 0 %').waitFor()
    const shown = await cellsOf(card)
    expect(shown.map((cells) => [cells[0], cells[2]?.replaceAll(',', '')])).toEqual(
      (await sideRows()).map((row) => [row.version, String(row.calls)]),
    )
    await card.getByRole('link', { name: /better/ }).click()
    await expect.poll(() => page.url()).toContain('/releases/benigno')
    await page.getByRole('region', { name: 'Verdict' }).getByText('better').first().waitFor()
    expect(errors).toEqual([])
    await page.close()
  })

  test('sides turned round are worse, for reasons that lead to traces', async () => {
    const { page, errors } = await ui.open(`/applications/shop/releases/benigno?${ui.range()}`)
    const verdict = page.getByRole('region', { name: 'Verdict' })
    await verdict.getByText('better').first().waitFor()
    await page.getByRole('combobox', { name: /^Version/ }).selectOption('v1')
    await verdict.getByText(/^v1 is worse than v2: errors 0 % → 5\.56 %; new exception StockError/).waitFor()
    const [v2, v1] = await sideRows()
    const operations = page
      .locator('section.card')
      .filter({ has: page.getByRole('heading', { name: 'Operations' }) })
    const [cells] = await cellsOf(operations)
    expect(cells?.slice(0, 4)).toEqual([
      'GET /',
      expect.stringContaining('worse'),
      String(v2?.calls),
      '1,080',
    ])
    expect(v1?.calls).toBe(1_080)
    const exceptions = page
      .locator('section.card')
      .filter({ has: page.getByRole('heading', { name: 'Exceptions' }) })
    const [exception] = await cellsOf(exceptions)
    expect(exception?.slice(1, 4)).toEqual([expect.stringContaining('new'), '0', String(v1?.failed)])
    await exceptions.getByRole('link', { name: /StockError/ }).click()
    await page.getByText('critical path').first().waitFor()
    expect(errors).toEqual([])
    await page.close()
  })

  test('a rollout leads to before and after it', async () => {
    const { page, errors } = await ui.open(`/applications/shop/releases?${ui.range()}`)
    await page.getByRole('link', { name: 'before and after' }).first().click()
    await expect.poll(() => page.url()).toContain('marker=')
    await page.getByText('each in its own time').waitFor()
    await page.getByRole('heading', { name: 'before' }).waitFor()
    expect(errors).toEqual([])
    await page.close()
  })
}
