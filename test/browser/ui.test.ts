import { existsSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath, launchBrowser } from '../support/browser.ts'
import { root } from '../support/processes.ts'
import { type SeededApp, startSeededApp } from '../support/service-app.ts'
import { agentScreens } from './agent-screens.ts'
import { applicationScreens } from './application-screens.ts'
import { baselineScreens } from './baseline-screens.ts'
import { callScreens } from './call-screens.ts'
import { flowScreens } from './flow-screens.ts'
import { instrumentationScreens } from './instrumentation-screens.ts'
import { releaseScreens } from './release-screens.ts'
import { rootCauseScreens } from './root-cause-screens.ts'
import { sloScreens } from './slo-screens.ts'
import { traceScreens } from './trace-screens.ts'
import { transactionScreens } from './transaction-screens.ts'
import { violationScreens } from './violation-screens.ts'

/** The built web UI in a real browser, on the real API over a seeded engine. */
const uiDirectory = join(root, 'dashboards/web/dist')
const canRun = chromiumPath !== undefined && existsSync(join(uiDirectory, 'index.html'))

describe.skipIf(!canRun)('web UI (needs Chromium and a built UI)', () => {
  let seeded: SeededApp
  let browser: Browser
  let url: string

  beforeAll(async () => {
    seeded = await startSeededApp({ uiDirectory })
    await seeded.app.listen({ host: '127.0.0.1', port: 0 })
    url = `http://127.0.0.1:${(seeded.app.server.address() as AddressInfo).port}`
    browser = await launchBrowser()
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await seeded?.close()
  })

  const range = () => `from=${seeded.facts.fromMs}&to=${seeded.facts.toMs}`
  const cluster = () => `/clusters/${seeded.facts.clusterId}`

  /** Opens a path; whatever the page itself reports as an error fails the test. */
  async function open(
    path: string,
    viewport = { width: 1440, height: 900 },
  ): Promise<{ page: Page; errors: string[] }> {
    const page = await browser.newPage({ viewport })
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text())
    })
    page.on('response', async (response) => {
      if (response.status() < 500) return
      const why = await response.text().catch(String)
      errors.push(`${response.url()}: ${why}`)
    })
    await page.goto(`${url}${path}`)
    return { page, errors }
  }

  const ui = { open, range, facts: () => seeded.facts, store: () => seeded.clickHouse.store }
  traceScreens(ui)
  baselineScreens(ui)
  sloScreens(ui)
  applicationScreens(ui)
  transactionScreens(ui)
  flowScreens(ui)
  releaseScreens(ui)
  agentScreens(ui)
  violationScreens(ui)
  callScreens(ui)
  rootCauseScreens(ui)
  instrumentationScreens(ui)

  test.each([
    ['/', /^p95 \+[\d.]+ σ/],
    ['/clusters', 'demo'],
    ['CLUSTER', 'Problems'],
    ['CLUSTER/pods', 'CrashLoopBackOff'],
    ['CLUSTER/workloads', 'magnanimo'],
    ['CLUSTER/workloads?open=StatefulSet/shop/report', 'Workload with missing replicas'],
    ['CLUSTER/nodes', 'NotReady'],
    ['CLUSTER/nodes?open=Node//worker-3', 'Node under pressure'],
    ['CLUSTER/objects?kind=PersistentVolumeClaim', 'data-report-0'],
    ['CLUSTER/namespaces', 'shop'],
    ['CLUSTER/inventory', 'Findings'],
    ['CLUSTER/events', 'BackOff'],
    ['/applications', /^p95 \+[\d.]+ σ/],
    ['/applications/shop', 'Top transactions'],
    ['/applications/shop/operations', 'GET /'],
    ['/applications/shop/transactions', 'GET /hw2'],
    ['/applications/shop/transactions/one?tier=magnanimo&name=GET%20%2Fhw2', 'Where the time goes'],
    ['/applications/shop/snapshots', 'Kept calls'],
    ['/applications/shop/tiers', 'spedizioni-66b9-0'],
    ['/applications/shop/flow-map', 'spedizioni'],
    ['/applications/shop/errors', 'StockError'],
    ['/applications/shop/databases', 'INSERT INTO orders'],
    ['/applications/shop/backends', 'api.pagamenti.example'],
    ['/applications/shop/endpoints', '/orders'],
    ['/applications/shop/information-points?open=%5B%22new%22%5D', 'Add a condition'],
    ['/applications/shop/releases', 'better'],
    ['/applications/shop/releases/benigno', 'What was compared'],
    ['/traces', 'magnanimo'],
    ['/violations', 'Violations'],
    ['/agents', 'Effective configuration'],
    ['/agents/demo/configure', 'What would change'],
    ['/about', '0.0.0-test'],
  ])('%s shows its content without an error, also on a phone', { timeout: 60_000 }, async (path, text) => {
    const at = path.replace('CLUSTER', cluster())
    const { page, errors } = await open(`${at}${at.includes('?') ? '&' : '?'}${range()}`)
    await page.getByText(text).first().waitFor({ timeout: 15_000 })
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: 900 })
      // Charts follow the width a frame later.
      await expect
        .poll(() =>
          page.evaluate<boolean>(
            'document.documentElement.scrollWidth - document.documentElement.clientWidth > 1',
          ),
        )
        .toBe(false)
      expect({ width, errors }).toEqual({ width, errors: [] })
    }
    await page.close()
  })

  test('the notice of a simulated cluster is on the page', async () => {
    const { page } = await open('/')
    await page.getByText('simulated').first().waitFor()
    await page.close()
  })

  test('the flow map shows both versions of benigno with their shares', async () => {
    const { page } = await open(`/applications/shop?${range()}`)
    await page.getByText('90 %').first().waitFor()
    await page.getByText('10 %').first().waitFor()
    await page.close()
  })

  test('a pod opens beside the list, is in the address, and Escape closes it', async () => {
    const { page, errors } = await open(`${cluster()}/pods?${range()}&q=pagamenti`)
    await page.getByText('pagamenti-59cc-0').first().click()
    await page.getByText('Containers').first().waitFor()
    await expect.poll(() => page.url()).toContain('pod=')
    await page.keyboard.press('Escape')
    await expect.poll(() => page.url()).not.toContain('pod=')
    expect(errors).toEqual([])
    await page.close()
  })

  test('namespaces are switched by keyboard, the preview says what changes, and what is sent waits for the agent', async () => {
    const { page, errors } = await open('/agents/demo/configure')
    const staging = page.getByRole('switch', { name: 'Collect staging' })
    await staging.focus()
    await page.keyboard.press('Space')
    await page.getByText('Collection starts in 1').waitFor()
    expect(await page.getByRole('switch', { name: 'Collect kube-system' }).isDisabled()).toBe(true)
    await page.getByLabel('Leave out (wins over labels)').fill('sho(')
    await page.getByRole('alert').filter({ hasText: 'remote namespaces.exclude[0] "sho("' }).waitFor()
    expect(await page.getByRole('button', { name: 'Apply' }).isDisabled()).toBe(true)
    // The browser itself tells of the refused preview.
    errors.length = 0
    await page.getByLabel('Leave out (wins over labels)').fill('shop')
    await page.getByText('Collection stops in 1').waitFor()
    await page.getByRole('button', { name: 'Apply' }).click()
    await page.getByText('sent, agent 0.1.0 has not answered yet').waitFor()
    expect(errors).toEqual([])
    await page.reload()
    await page.getByText('Version 1, set').waitFor()
    expect(await page.getByLabel('Leave out (wins over labels)').inputValue()).toBe('shop')
    await page.close()
  })

  test('a figure of the dashboard leads to as many rows as it says', async () => {
    const { page } = await open(`${cluster()}?${range()}`)
    const figure = page.getByRole('link').filter({ hasText: 'Crash looping' }).first()
    const value = Number(/Crash looping pods\D*(\d+)/.exec((await figure.textContent()) ?? '')?.[1])
    expect(value).toBeGreaterThan(0)
    await figure.click()
    await page.getByText(`${value} pod`).first().waitFor()
    await page.close()
  })

  test('the main figures say what the database says', async () => {
    const { page } = await open(`${cluster()}?${range()}`)
    const figure = async (label: string) => {
      const text = await page.getByRole('link').filter({ hasText: label }).first().textContent()
      return new RegExp(`${label}(\\d+) of (\\d+)`)
        .exec(text ?? '')
        ?.slice(1, 3)
        .map(Number)
    }
    const [rows] = await seeded.clickHouse.store.query<Record<string, number>>({
      sql: `SELECT
        countIf(kind = 'Pod' AND (phase = 'Failed' OR match(status, 'BackOff'))) AS failing, countIf(kind = 'Pod') AS pods,
        countIf(kind = 'Deployment' AND ready >= desired) AS ready, countIf(kind = 'Deployment') AS deployments,
        countIf(kind = 'Node' AND status = 'NotReady') AS notReady, countIf(kind = 'Node') AS nodes,
        countIf(kind = 'Pod' AND mapContains(findings, 'no-memory-limit')) AS noLimit
        FROM k8s_objects FINAL WHERE NOT deleted`,
      params: {},
    })
    const of = (a: string, b: string) => [Number(rows?.[a]), Number(rows?.[b])]
    expect(await figure('Failing pods')).toEqual(of('failing', 'pods'))
    expect(await figure('Deployments ready')).toEqual(of('ready', 'deployments'))
    expect(await figure('Nodes not ready')).toEqual(of('notReady', 'nodes'))
    expect(await figure('No memory limit')).toEqual(of('noLimit', 'pods'))
    await page.close()
  })

  test('a finding opens beside the inventory and leads to its objects', async () => {
    const { page, errors } = await open(`${cluster()}/inventory?${range()}`)
    await page.getByText('Service without ready endpoints').first().click()
    const panel = page.getByRole('complementary')
    await panel.getByText('app=pagamenti').waitFor()
    await panel.getByText('Open the list').click()
    await page.getByText('1 object').first().waitFor()
    await page.getByText('0 of 1').first().waitFor()
    expect(errors).toEqual([])
    await page.close()
  })

  test('a trace opens from the list as a waterfall, and Back returns to the same filters', async () => {
    const { page, errors } = await open(`/traces?${range()}&application=shop&status=error`)
    await page.getByRole('link', { name: /GET/ }).first().click()
    await page.getByText('critical path').first().waitFor()
    await page.goBack()
    await expect.poll(() => page.url()).toContain('status=error')
    expect(errors).toEqual([])
    await page.close()
  })

  test('an unknown trace says so instead of a blank page', async () => {
    const { page } = await open(`/traces/${'0'.repeat(31)}1`)
    await page
      .getByText(/not found|no trace|cannot find/i)
      .first()
      .waitFor()
    await page.close()
  })

  test('the theme follows the system and can be switched', async () => {
    const { page } = await open('/')
    const background = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
    await page.emulateMedia({ colorScheme: 'light' })
    const light = await background()
    await page.emulateMedia({ colorScheme: 'dark' })
    await expect.poll(background).not.toBe(light)
    await page.close()
  })
})
