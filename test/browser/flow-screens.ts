import { expect, test } from 'vitest'
import { formatCount, formatRate } from '../../dashboards/web/src/format.ts'
import { cellsOf, type Ui } from './ui.ts'

/** The flow map of a transaction, and the way to its traces. */
export function flowScreens(ui: Ui): void {
  async function one<Row>(sql: string): Promise<Row> {
    const [row] = await ui.store().query<Row>({ sql, params: {} })
    if (row === undefined) throw new Error(`no row of ${sql}`)
    return row
  }
  const transaction = 'tier=magnanimo&name=GET%20%2Fhw2'

  test('the map of a transaction: its newest thousand calls and what they led to, per minute of their time', async () => {
    const { page, errors } = await ui.open(
      `/applications/shop/transactions/one?${ui.range()}&${transaction}&map=table`,
    )
    const newest = `SELECT trace_id, start_time FROM spans FINAL WHERE service = 'magnanimo' AND kind = 2
      ORDER BY start_time DESC LIMIT 1000`
    const found = await one<{ sinceMs: number; benigno: number; orders: number; messages: number }>(`SELECT
      (SELECT toUnixTimestamp64Milli(min(start_time)) FROM (${newest})) AS sinceMs,
      countIf(service = 'benigno' AND kind = 2) AS benigno, countIf(service = 'ordini' AND kind = 2) AS orders,
      countIf(service = 'ordini' AND kind = 4) AS messages
      FROM spans FINAL WHERE trace_id IN (SELECT trace_id FROM (${newest}))`)
    const card = page.locator('section.card').filter({ hasText: 'Flow map of the transaction' })
    await card.getByText('of its newest 1,000 calls').waitFor()
    const minutes = (ui.facts().toMs - found.sinceMs) / 60_000
    const cells = await cellsOf(card)
    const rateOf = (from: string, to: string) =>
      cells.find(([caller, callee]) => caller === from && callee === to)?.[3]
    expect([
      rateOf('Clients', 'magnanimo'),
      rateOf('magnanimo', 'benigno'),
      rateOf('magnanimo', 'ordini'),
      rateOf('ordini', 'spedizioni'),
    ]).toEqual(
      [1000, found.benigno, found.orders, found.messages].map((calls) => formatRate(calls / minutes)),
    )
    await card.getByRole('button', { name: 'As map' }).click()
    await card.getByRole('button', { name: /^tier benigno/ }).click()
    await page.getByRole('complementary').getByRole('link', { name: 'Map and nodes of benigno' }).click()
    await page.getByText('Nodes of benigno').waitFor()
    expect(errors).toEqual([])
    await page.close()
  })

  test('a transaction leads to its traces, and those that failed are as many as failed', async () => {
    const { page, errors } = await ui.open(`/applications/shop/transactions?${ui.range()}`)
    const { calls, failed } = await one<{ calls: number; failed: number }>(`SELECT
      toFloat64(count()) AS calls, toFloat64(countIf(status = 2)) AS failed
      FROM spans FINAL WHERE service = 'magnanimo' AND kind = 2`)
    const row = page.getByRole('row').filter({ hasText: 'GET /hw2' })
    await row.getByRole('link', { name: formatRate(calls / 60), exact: true }).click()
    await page.getByText('transaction is GET /hw2').waitFor()
    await page.getByLabel('Status').selectOption('error')
    await page
      .getByText(`${formatCount(failed)} traces`)
      .first()
      .waitFor()
    expect(new URL(page.url()).searchParams.get('entry')).toBe('magnanimo')
    expect(errors).toEqual([])
    await page.close()
  })
}
