import { beforeAll, expect, test } from 'vitest'
import { rollupConfig } from '../../collector/service/rollup/rollup-config.ts'
import { createRollupRuns } from '../../collector/service/rollup/run.ts'
import { formatCount, formatDuration, formatPercent } from '../../dashboards/web/src/format.ts'
import type { Ui } from './ui.ts'

/** Transactions, their dashboard, and the calls that are kept. */
export function transactionScreens(ui: Ui): void {
  beforeAll(async () => {
    const clock = { nowMs: () => ui.facts().toMs, monotonicMs: () => 0, sleep: async () => {} }
    const runs = createRollupRuns({ store: ui.store(), clock }, rollupConfig)
    while ((await runs.next()).backlog);
  }, 60_000)

  async function one<Row>(sql: string): Promise<Row> {
    const [row] = await ui.store().query<Row>({ sql, params: {} })
    if (row === undefined) throw new Error(`no row of ${sql}`)
    return row
  }
  const entering = "FROM spans FINAL WHERE service = 'magnanimo' AND kind = 2"

  test('the list has each transaction with its calls, and the five classes add up to them', async () => {
    const { page, errors } = await ui.open(`/applications/shop/transactions?${ui.range()}`)
    const { calls, failed } = await one<{ calls: number; failed: number }>(
      `SELECT toFloat64(count()) AS calls, toFloat64(countIf(status = 2)) AS failed ${entering}`,
    )
    const row = page.getByRole('row').filter({ hasText: 'GET /hw2' })
    await row.getByText(`${formatCount(calls / 60)}/min`, { exact: true }).waitFor()
    const bar = (await row.getByRole('img').first().getAttribute('aria-label')) ?? ''
    expect(bar).toContain(`${formatPercent(failed / calls)} error (${failed})`)
    const counts = [...bar.matchAll(/\(([\d,]+)\)/g)].map((match) => Number(match[1]?.replace(',', '')))
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(calls)
    // A column that is hidden stays so in the address.
    await page.getByRole('button', { name: 'Columns' }).click()
    await page.getByLabel('Versions').uncheck()
    await expect.poll(() => page.url()).toContain('hide=Versions')
    expect(await page.getByRole('columnheader', { name: 'Versions' }).count()).toBe(0)
    expect(errors).toEqual([])
    await page.close()
  })

  test('the dashboard of a transaction: classes, where normal and slow calls spend their time, pods', async () => {
    const { page, errors } = await ui.open(`/applications/shop/transactions?${ui.range()}`)
    await page.getByRole('link', { name: 'GET /hw2' }).click()
    const table = page.getByRole('table', { name: 'Calls by class' })
    await table.waitFor()
    // In the first two minutes there are fewer than 30 calls to compare with.
    const { verySlow } = await one<{ verySlow: number }>(
      `SELECT toFloat64(countIf(status != 2 AND duration_ns > 1e9 AND start_time >= fromUnixTimestamp64Milli(${ui.facts().fromMs + 120_000}))) AS verySlow ${entering}`,
    )
    expect(verySlow).toBeGreaterThan(30)
    const card = await table.getByRole('row').allTextContents()
    expect(card.find((row) => row.startsWith('very slow'))).toMatch(new RegExp(`%${verySlow}$`))
    const part = page.getByRole('row').filter({ hasText: 'benigno tier' })
    await part.waitFor()
    const own = async (reasons: string) =>
      (
        await one<{ ms: number }>(`
        SELECT avg(duration_ns) / 1e6 AS ms FROM spans FINAL WHERE service = 'benigno' AND kind = 2 AND trace_id IN (
          SELECT trace_id FROM snapshots FINAL WHERE transaction = 'GET /hw2' AND reason IN (${reasons})
          ORDER BY start_time DESC, trace_id LIMIT 60)`)
      ).ms
    const cells = await part.getByRole('cell').allTextContents()
    expect(cells.slice(1, 3)).toEqual([
      formatDuration(Math.round((await own("'periodic'")) * 1000) / 1000),
      formatDuration(Math.round((await own("'slow', 'very slow', 'stall'")) * 1000) / 1000),
    ])
    await page.getByRole('link', { name: 'magnanimo-7d9f-0' }).first().click()
    // To the pod, and back from there.
    const panel = page.getByRole('complementary')
    await panel.getByText('Containers').waitFor()
    await panel.getByRole('link', { name: 'GET /hw2' }).click()
    await table.waitFor()
    expect(errors).toEqual([])
    await page.close()
  })

  test('a trace leads to the transaction it is of', async () => {
    const { page, errors } = await ui.open(`/traces/${ui.facts().traces.sampleTraceId}`)
    await page.getByText('transaction GET /hw2').getByRole('link').click()
    await page.getByRole('table', { name: 'Calls by class' }).waitFor()
    expect(errors).toEqual([])
    await page.close()
  })

  test('a rule: what it would name is shown before it is saved, and what stays to be named anew after', async () => {
    const { page, errors } = await ui.open('/applications/shop/transaction-rules')
    const preview = page.locator('section.card').filter({ hasText: /the last hour (is|would be) named/ })
    await preview.getByRole('row').filter({ hasText: 'GET /hw2' }).waitFor()
    await page.getByRole('button', { name: 'Add a rule' }).click()
    await page.getByLabel('Label').fill('Homework')
    await page.getByRole('textbox', { name: 'Value', exact: true }).fill('/hw')
    await page.getByLabel('What', { exact: true }).selectOption('route')
    await preview.getByRole('alert').waitFor()
    expect(await page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true)
    await page.getByLabel('Name', { exact: true }).fill('Homework {method}')
    const { calls } = await one<{ calls: number }>(`SELECT toFloat64(count()) AS calls ${entering}`)
    await preview
      .getByRole('row')
      .filter({ hasText: `Homework GET` })
      .getByRole('cell', { name: formatCount(calls), exact: true })
      .waitFor()
    errors.length = 0 // The browser itself tells of the refused preview.
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Version 1, set').waitFor()
    await page.getByRole('button', { name: 'Remove' }).click()
    await preview.getByRole('row').filter({ hasText: 'GET /hw2' }).waitFor()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Version 2, set').waitFor()
    expect(errors).toEqual([])
    await page.close()
  })

  test('snapshots: how many are kept of how many, by reason, and two of them beside each other', async () => {
    const { page, errors } = await ui.open(`/applications/shop/snapshots?${ui.range()}&tier=magnanimo`)
    const { failed } = await one<{ failed: number }>(
      `SELECT toFloat64(countIf(status = 2)) AS failed ${entering}`,
    )
    await page.getByText(`Kept: ${failed} of ${failed} error`).waitFor()
    await page
      .getByRole('button', { name: 'error', exact: false })
      .filter({ hasText: /^error/ })
      .click()
    await page.getByRole('heading', { name: `${failed} calls` }).waitFor()
    const boxes = page.getByRole('checkbox')
    await boxes.nth(0).check()
    await page.getByText('Choose a second call').waitFor()
    await boxes.nth(1).check()
    await page.getByRole('link', { name: /^Compare / }).click()
    await page.getByRole('heading', { name: 'Own time by operation' }).waitFor()
    expect(errors).toEqual([])
    await page.close()
  })
}
