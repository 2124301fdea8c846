import { beforeAll, expect, test } from 'vitest'
import { type Evidence, type ViolationTableRow, violationsTable } from '../../collector/record/violation.ts'
import type { Ui } from './ui.ts'

const minute = 60_000

/** Violations of rules on baselines, and where they lead. The rules themselves: test/unit/service/transaction-health.test.ts. */
export function violationScreens(ui: Ui): void {
  const evidence = (): Evidence => ({
    metric: 'meanMs',
    value: 44,
    usual: { mean: 4.67, sigma: 2.5, hours: 14 },
    deviation: 15.7,
    callsPerMinute: 120,
    errorRatio: 0.05,
    fromMs: ui.facts().toMs - 40 * minute,
    toMs: ui.facts().toMs - 10 * minute,
  })
  const message =
    'GET /hw2 of magnanimo takes 44 ms where 4.67 ± 2.5 are usual at this hour (14 hours), 15.7 σ above; 120 calls a minute'

  beforeAll(async () => {
    const opened_at = ui.facts().toMs - 9 * minute
    const row: ViolationTableRow = {
      violation_id: 'transaction',
      rule: 'transaction-response-time',
      severity: 'critical',
      entity_kind: 'Transaction',
      entity: 'GET /hw2',
      service: 'magnanimo',
      entity_id: '',
      cluster_id: '',
      namespace: '',
      application: 'shop',
      message,
      evidence: JSON.stringify(evidence()),
      opened_at,
      closed_at: 0,
      updated_at: opened_at,
    }
    const ofSlo = {
      ...row,
      violation_id: 'slo',
      rule: 'slo-fast-burn',
      entity_kind: 'SLO',
      entity: 'Answers',
      entity_id: '0123abcd',
      service: '',
      evidence: '',
      message: 'Answers: the error budget is spent too fast',
      closed_at: opened_at + minute,
    }
    const outcome = await ui.store().insert({ table: violationsTable, rows: [row, ofSlo] }, 'violations')
    expect(outcome.type).toBe('stored')
  })

  test('a slow transaction leads to its page and its slowest calls, an objective to its own', async () => {
    const { page, errors } = await ui.open(`/violations?${ui.range()}`)
    const row = page.getByRole('row').filter({ hasText: message })
    await row.getByText('open').waitFor()
    expect(await page.getByRole('link', { name: 'SLO Answers' }).getAttribute('href')).toContain(
      '/applications/shop/slos/0123abcd',
    )
    const calls = new URL(
      (await row.getByRole('link', { name: 'slowest calls' }).getAttribute('href')) ?? '',
      page.url(),
    )
    expect(Object.fromEntries(calls.searchParams)).toMatchObject({
      tier: 'magnanimo',
      transaction: 'GET /hw2',
      sort: 'slowest',
      from: String(evidence().fromMs),
    })
    await row.getByRole('link', { name: 'Transaction GET /hw2' }).click()
    await page.getByText('1 open, 0 ended in this time range').waitFor()
    expect(page.url()).toContain(`from=${evidence().fromMs}`)
    await page.setViewportSize({ width: 390, height: 844 })
    const wide = 'document.documentElement.scrollWidth - document.documentElement.clientWidth > 1'
    await expect.poll(() => page.evaluate<boolean>(wide)).toBe(false)
    expect(errors).toEqual([])
    await page.close()
  })

  test('the dashboard of the application has its violations above everything else', async () => {
    const { page, errors } = await ui.open(`/applications/shop?${ui.range()}`)
    const card = page.locator('section.card').filter({ hasText: message })
    const [counted] = await ui.store().query<{ n: number }>({
      sql: `SELECT toFloat64(count()) AS n FROM violations FINAL WHERE application = 'shop' OR namespace = 'shop'`,
      params: {},
    })
    await card.getByText(/open, \d+ ended/).waitFor()
    expect(await card.locator('tbody tr').count()).toBe(counted?.n)
    expect(errors).toEqual([])
    await page.close()
  })
}
