/**
 * Takes the screenshots of docs/images from a running demo (`npm start` in another terminal, then `npm run screenshots`).
 * Arguments: the URL (default http://127.0.0.1:8420) and the directory (default docs/images).
 */
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { launchBrowser } from '../support/browser.ts'

const [url = 'http://127.0.0.1:8420', directory = 'docs/images'] = process.argv.slice(2)
const get = async <T>(path: string): Promise<T> => (await (await fetch(`${url}/api/v1${path}`)).json()) as T

const { clusters } = await get<{ clusters: { clusterId: string }[] }>('/clusters')
const cluster = `/clusters/${clusters[0]?.clusterId}`
const { traces } = await get<{ traces: { traceId: string; startMs: number }[] }>(
  '/traces?application=shop&service=spedizioni&from=now-15m&limit=20',
)
const trace = traces[0]
const range = '?from=now-15m&to=now'

interface Shot {
  readonly name: string
  readonly path: string
  readonly width?: number
  readonly theme?: 'dark' | 'light'
  readonly act?: (page: Page) => Promise<void>
}

const shots: readonly Shot[] = [
  { name: 'home', path: `/${range}` },
  { name: 'clusters', path: `/clusters${range}` },
  { name: 'cluster-dashboard', path: `${cluster}${range}` },
  { name: 'cluster-dashboard-light', path: `${cluster}${range}`, theme: 'light' },
  { name: 'pods', path: `${cluster}/pods${range}` },
  { name: 'workloads', path: `${cluster}/workloads${range}` },
  { name: 'nodes', path: `${cluster}/nodes${range}` },
  { name: 'inventory', path: `${cluster}/inventory${range}` },
  { name: 'instrumentation', path: `${cluster}/instrumentation${range}` },
  { name: 'events', path: `${cluster}/events${range}` },
  { name: 'applications', path: `/applications${range}` },
  { name: 'application', path: `/applications/shop${range}` },
  { name: 'application-light', path: `/applications/shop${range}`, theme: 'light' },
  { name: 'application-phone', path: `/applications/shop${range}`, width: 390 },
  { name: 'transactions', path: `/applications/shop/transactions${range}` },
  {
    name: 'transaction',
    path: `/applications/shop/transactions/one${range}&tier=magnanimo&name=GET%20%2Fhw2`,
  },
  { name: 'snapshots', path: `/applications/shop/snapshots${range}` },
  { name: 'tiers', path: `/applications/shop/tiers${range}` },
  { name: 'operations', path: `/applications/shop/operations${range}` },
  { name: 'traces', path: `/traces${range}&application=shop` },
  ...(trace
    ? [{ name: 'trace', path: `/traces/${trace.traceId}?aroundMs=${Math.round(trace.startMs)}` }]
    : []),
  { name: 'violations', path: `/violations${range}` },
  { name: 'agents', path: '/agents' },
]

const browser = await launchBrowser()
for (const { name, path, width = 1440, theme = 'dark', act } of shots) {
  const page = await browser.newPage({
    viewport: { width, height: width < 600 ? 844 : 900 },
    colorScheme: theme,
  })
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  await page.goto(url + path, { waitUntil: 'load' })
  // What is asked once something else is known comes later.
  await page.waitForTimeout(1_500)
  await page.locator('.skeleton').first().waitFor({ state: 'detached' })
  await page.waitForTimeout(1_000)
  await act?.(page)
  await page.screenshot({ path: join(directory, `${name}.png`) })
  process.stdout.write(`${name}.png ${errors.length > 0 ? `ERRORS ${errors.join(' | ')}` : ''}\n`)
  await page.close()
}
await browser.close()
