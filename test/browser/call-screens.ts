import { expect, test } from 'vitest'
import { cellsOf, type Ui } from './ui.ts'

/** Errors, databases, remote services and endpoints of an application: their numbers, and where these lead. */
export function callScreens(ui: Ui): void {
  const perMinute = (calls: number) => `${Number((calls / 60).toPrecision(3))}/min`
  const count = async (where: string): Promise<number> => {
    const [row] = await ui.store().query<{ n: number }>({
      sql: `SELECT toFloat64(count()) AS n FROM spans FINAL WHERE application = 'shop' AND ${where}`,
      params: {},
    })
    return row?.n ?? 0
  }

  test('statements of a database: calls as the database has them; one opens with its callers and the transactions that call it, and leads to its traces', async () => {
    const { page, errors } = await ui.open(`/applications/shop/databases?${ui.range()}`)
    const calls = await count("db_system = 'postgresql'")
    const card = page.locator('section.card').filter({ hasText: 'Statements' }).last()
    await card.getByText('INSERT INTO orders').waitFor()
    const [cells] = await cellsOf(card)
    expect(cells?.slice(1, 6)).toEqual([perMinute(calls), '6 ms', '6 ms', '0', '100 %'])
    await card.getByText('INSERT INTO orders').click()
    const panel = page.getByRole('complementary')
    await panel.getByRole('link', { name: 'POST /orders' }).waitFor()
    const transaction = panel.getByRole('row').filter({ hasText: 'GET /hw2' })
    await transaction.getByRole('cell', { name: calls.toLocaleString('en'), exact: true }).waitFor()
    await transaction.getByRole('cell', { name: '100 %', exact: true }).waitFor()
    await panel
      .getByRole('link', { name: perMinute(calls) })
      .first()
      .click()
    await page.getByText(/statement is \d+/).waitFor()
    await page.getByRole('link', { name: 'GET /hw2' }).first().waitFor()
    expect(errors).toEqual([])
    await page.close()
  })

  test('an exception: its count, since when in which version, its stack, and as many traces as it says', async () => {
    const { page, errors } = await ui.open(`/applications/shop/errors?${ui.range()}`)
    const thrown = await count("has(events_name, 'exception')")
    await page.getByRole('row').filter({ hasText: 'StockError' }).waitFor()
    const [cells] = await cellsOf(page.locator('section.card').last())
    expect(cells?.[2]).toBe(String(thrown))
    expect(cells?.[7]).toContain('in v1')
    await page.getByText('StockError').click()
    const panel = page.getByRole('complementary')
    await panel.getByText('at reserve (/app/stock.js:41:11)').waitFor()
    await panel.getByRole('link', { name: `${thrown} ·` }).click()
    await page.getByText(`${thrown} traces`).first().waitFor()
    await page.goBack()
    await page.getByRole('button', { name: 'Failed operations' }).click()
    await page.getByRole('link', { name: 'GET /hw2' }).waitFor()
    expect(page.url()).toContain('show=operations')
    const failed = await count("service = 'magnanimo' AND kind = 2 AND status = 2")
    await page.getByRole('button', { name: 'Failed transactions' }).click()
    const row = page.getByRole('row').filter({ hasText: 'GET /hw2' })
    await row.getByRole('link', { name: perMinute(failed) }).waitFor()
    expect(errors).toEqual([])
    await page.close()
  })

  test('remote services are what has no spans of its own, filtered by kind in the address; one names the transactions that call it', async () => {
    const { page, errors } = await ui.open(`/applications/shop/backends?${ui.range()}`)
    // What was received in the last seconds is not counted yet.
    const settled = `toUnixTimestamp64Milli(received_at) < ${ui.facts().toMs - 15_000}`
    const calls = await count(`peer = 'api.pagamenti.example:443' AND ${settled}`)
    const row = page.getByRole('row').filter({ hasText: 'api.pagamenti.example:443' })
    await row.getByRole('link', { name: perMinute(calls) }).waitFor()
    expect(await page.getByText('benigno:5000').count()).toBe(0)
    await page.getByRole('button', { name: 'database' }).click()
    await row.waitFor({ state: 'detached' })
    expect(page.url()).toContain('kind=database')
    await page.goBack()
    await row.getByText('api.pagamenti.example:443').click()
    const transaction = page.getByRole('complementary').getByRole('row').filter({ hasText: 'GET /hw2' })
    await transaction.getByRole('cell', { name: calls.toLocaleString('en'), exact: true }).waitFor()
    await transaction.getByRole('link', { name: 'GET /hw2' }).click()
    await page.getByRole('heading', { name: 'GET /hw2' }).waitFor()
    expect(errors).toEqual([])
    await page.close()
  })

  test('endpoints: a text narrows them, and one opens with the versions that serve it', async () => {
    const { page, errors } = await ui.open(`/applications/shop/endpoints?${ui.range()}&q=benigno`)
    const calls = await count("service = 'benigno' AND kind = 2")
    const row = page.getByRole('row').filter({ hasText: 'benigno' })
    await row.getByRole('link', { name: perMinute(calls) }).waitFor()
    expect(await page.getByText('/orders').count()).toBe(0)
    await row.getByText('benigno').click()
    const panel = page.getByRole('complementary')
    await panel.getByRole('cell', { name: 'benigno v2' }).waitFor()
    expect(errors).toEqual([])
    await page.close()
  })

  test('an information point is made with a preview, shown with its value, and deleted', async () => {
    const { page, errors } = await ui.open(`/applications/shop/information-points?${ui.range()}`)
    await page.getByRole('button', { name: 'New information point' }).click()
    const panel = page.getByRole('complementary')
    await panel.getByLabel('Name', { exact: true }).fill('Requests by tier of user')
    await panel.getByLabel('By', { exact: true }).fill('user.tier')
    await panel.getByRole('button', { name: 'Add a condition' }).click()
    await panel.getByLabel('Attribute of condition 1').fill('user.tier')
    await panel.getByLabel('Comparison of condition 1').selectOption('exists')
    const gold = await count("attributes['user.tier'] = 'gold'")
    const base = await count("attributes['user.tier'] = 'base'")
    await panel.getByRole('row').filter({ hasText: 'gold' }).getByText(String(gold)).first().waitFor()
    await panel.getByRole('button', { name: 'Create' }).click()
    await panel.getByText('Version 1').waitFor()
    await page.keyboard.press('Escape')
    const card = page.locator('section.card').filter({ hasText: 'Requests by tier of user' })
    await card.getByRole('link', { name: (gold + base).toLocaleString('en') }).waitFor()
    await card.getByRole('button', { name: 'Open' }).click()
    await panel.getByRole('button', { name: 'Delete' }).click()
    await page.getByText('No information point yet').waitFor()
    expect(errors).toEqual([])
    await page.close()
  })
}
