import { between, serveHttp, sleep } from './http-app.ts'

/**
 * Greets, in two versions: v2 is the canary, somewhat slower and failing now and then. Both are slow for some requests.
 * ERROR_RATIO and SLOW_RATIO override; 0 makes it dependable for tests.
 */
const version = process.env['SERVICE_VERSION'] ?? 'v1'
const canary = version === 'v2'
const errorRatio = Number(process.env['ERROR_RATIO'] ?? (canary ? 0.06 : 0.01))
const slowRatio = Number(process.env['SLOW_RATIO'] ?? 0.02)

serveHttp(`benigno ${version}`, {
  '/healthz': async () => ({ status: 200, body: 'ok' }),
  '/hello': async () => {
    const slow = Math.random() < slowRatio
    await sleep(slow ? between(600, 1_400) : canary ? between(12, 40) : between(4, 15))
    if (Math.random() < errorRatio) throw new Error('the greeting could not be composed')
    return { status: 200, body: { from: 'benigno', version, text: 'Hello, world' } }
  },
})
