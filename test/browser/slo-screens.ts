import { expect, test } from 'vitest'
import { formatCount } from '../../dashboards/web/src/format.ts'
import type { Ui } from './ui.ts'

/** Service-level objectives of an application. */
export function sloScreens(ui: Ui): void {
  test('an objective is made with a preview of the last week, burns as the database says, is on the home page, and goes', {
    timeout: 60_000,
  }, async () => {
    const [row] = await ui.store().query<{ total: number; good: number }>({
      sql: `SELECT toFloat64(count()) AS total, toFloat64(countIf(status != 2)) AS good FROM spans FINAL
        WHERE service = 'benigno' AND kind = 2`,
      params: {},
    })
    const { total = 0, good = 0 } = row ?? {}
    const share = `${Math.floor((10_000 * good) / total) / 100} %`
    const { page, errors } = await ui.open('/applications/shop/slos')
    await page.getByText('Nothing is promised yet').waitFor()
    await page.getByRole('link', { name: 'New objective' }).click()
    await page.getByLabel('Name').fill('Checkout answers')
    await page.getByLabel('Tier').fill('benigno')
    await page
      .getByText(
        `The last 7 days would have been ${share} of ${formatCount(total)} calls: the target was missed`,
      )
      .waitFor()
    await page.getByRole('button', { name: 'Create' }).click()

    await page.getByText('spent, burning fast').waitFor()
    const figure = async (label: string) =>
      (await page.locator('.figure').filter({ hasText: label }).textContent()) ?? ''
    expect(await figure('SLI')).toContain(share)
    const burn = (total - good) / total / 0.001
    expect(await figure('Burn 1 h')).toContain(`${Number(burn.toPrecision(3))}×`)
    const days = page.locator('section.card').filter({ hasText: 'Budget spent' }).locator('tbody tr')
    const bad = (await days.locator('td:nth-child(3)').allTextContents()).map((text) =>
      Number(text.replace(',', '')),
    )
    expect(bad.reduce((sum, one) => sum + one, 0)).toBe(total - good)

    await page.getByRole('link', { name: 'Home' }).click()
    await page.getByText('1 objective of 1 in trouble').waitFor()
    await page.getByRole('link', { name: 'Checkout answers' }).click()
    await page.getByRole('link', { name: 'Edit' }).click()
    await page.getByLabel('Target, % of the calls').fill('50')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('50 % without error over 28 days').waitFor()
    await page.setViewportSize({ width: 390, height: 844 })
    const wide = 'document.documentElement.scrollWidth - document.documentElement.clientWidth > 1'
    await expect.poll(() => page.evaluate<boolean>(wide)).toBe(false)
    await page.getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('button', { name: 'Really remove' }).click()
    await page.getByText('Nothing is promised yet').waitFor()
    expect(errors).toEqual([])
    await page.close()
  })
}
