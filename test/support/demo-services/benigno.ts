import { between, serveHttp, sleep } from './http-app.ts'

/**
 * Greets, in two versions. What v2, the canary, is like says CANARY: `equal`, `slow`, `failing` (with an exception of its own), or
 * `both`, somewhat of each, by default. Both versions are slow for some requests.
 * ERROR_RATIO and SLOW_RATIO override; 0 makes it dependable for tests.
 */
const version = process.env['SERVICE_VERSION'] ?? 'v1'
const canary = version === 'v2' ? (process.env['CANARY'] ?? 'both') : 'equal'
const isSlow = canary === 'slow' || canary === 'both'
const isFailing = canary === 'failing' || canary === 'both'
const errorRatio = Number(process.env['ERROR_RATIO'] ?? (isFailing ? 0.06 : 0.01))
const slowRatio = Number(process.env['SLOW_RATIO'] ?? 0.02)

function greeted(): string {
  if (Math.random() >= errorRatio) return 'world'
  if (isFailing) throw new TypeError("Cannot read properties of undefined (reading 'name')")
  throw new Error('the greeting could not be composed')
}

serveHttp(`benigno ${version}`, {
  '/healthz': async () => ({ status: 200, body: 'ok' }),
  '/hello': async () => {
    const slow = Math.random() < slowRatio
    await sleep(slow ? between(600, 1_400) : isSlow ? between(12, 40) : between(4, 15))
    return { status: 200, body: { from: 'benigno', version, text: `Hello, ${greeted()}` } }
  },
})
