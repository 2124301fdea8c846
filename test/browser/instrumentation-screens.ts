import { expect, test } from 'vitest'
import { kubeObjectsTable } from '../../collector/record/kube.ts'
import { injectedCluster, injectionRows } from '../support/seed/injection.ts'
import type { Ui } from './ui.ts'

/** What injection did, on a cluster of its own beside the demo. */
export function instrumentationScreens(ui: Ui): void {
  test('Instrumentation: figures as the database has them, from a hint on the home page to the command of a restart', async () => {
    const store = ui.store()
    await store.insert({ table: kubeObjectsTable, rows: injectionRows() }, 'injection-screens')
    const [told] = await store.query<{ injected: number; restart: number }>({
      // By the labels and words of the pods alone: of those that ask, what has the newest hash, and the rest.
      sql: `
SELECT
  countIf(labels['binnacle.dev/injected'] = 'h2' AND workload = 'web') + countIf(labels['binnacle.dev/injected'] = 'j1') AS injected,
  countIf(workload = 'web' AND labels['binnacle.dev/injected'] = 'h1') +
  countIf(workload = 'web' AND mapContains(labels, 'binnacle.dev/injected') = 0 AND empty(facts) AND empty(labels)) AS restart
FROM k8s_objects FINAL
WHERE cluster_id = {cluster:String} AND kind = 'Pod' AND namespace = 'shop' AND NOT deleted AND phase = 'Running'`,
      params: { cluster: injectedCluster },
    })
    try {
      const { page, errors } = await ui.open('/')
      await page.getByText(/pods of 5 workloads in injected need a restart for instrumentation/).waitFor()
      const hint = page.getByRole('listitem').filter({ hasText: 'in injected' })
      await hint.getByRole('link', { name: 'Which, and how' }).click()
      const web = page
        .getByRole('row')
        .filter({ has: page.getByText('web', { exact: true }) })
        .filter({ has: page.getByText('shop', { exact: true }) })
      await web.waitFor()
      const cells = await web.getByRole('cell').allTextContents()
      expect([cells[4], cells[6]]).toEqual([String(told?.injected), String(told?.restart)])
      await page.getByText('Rollout argo in shop').waitFor()
      await page
        .getByText(/switched off at 2026-11-27T12:00:00Z/)
        .first()
        .waitFor()
      await web.click()
      await page.getByText('kubectl -n shop rollout restart deployment/web').waitFor()
      expect(errors).toEqual([])
      await page.close()
    } finally {
      await store.client.command({
        query: `ALTER TABLE ${kubeObjectsTable.name} DELETE WHERE cluster_id IN ('${injectedCluster}', 'bare')`,
        clickhouse_settings: { mutations_sync: '1' },
      })
    }
  })

  test('Instrumentation: a cluster where nothing asks for it says how', async () => {
    const { page, errors } = await ui.open(`/clusters/${ui.facts().clusterId}/instrumentation`)
    await page.getByText('kubectl label namespace shop binnacle.dev/inject=enabled').waitFor()
    expect(errors).toEqual([])
    await page.close()
  })
}
