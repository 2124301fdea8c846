import { serveHttp } from './http-app.ts'

/**
 * The front of the demo: /hw2 greets with the help of benigno, and every third greeting places an order.
 * BENIGNO is a list of `weight=url`, such as `90=http://127.10.0.3:5000,10=http://127.10.0.5:5000`: the canary split that a
 * mesh would make. ORDINI is the url of the order service; without it there are no orders.
 */
interface Target {
  readonly weight: number
  readonly url: string
}

const targets = (process.env['BENIGNO'] ?? '').split(',').filter(Boolean).map(parseTarget)
const ordini = process.env['ORDINI']
let greetings = 0

function parseTarget(text: string): Target {
  const at = text.indexOf('=')
  return { weight: Number(text.slice(0, at)), url: text.slice(at + 1) }
}

function pick(): Target | undefined {
  let left = Math.random() * targets.reduce((sum, { weight }) => sum + weight, 0)
  return targets.find(({ weight }) => {
    left -= weight
    return left < 0
  })
}

async function call(url: string): Promise<unknown> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) })
  const body = (await response.json()) as unknown
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  return body
}

serveHttp('magnanimo', {
  '/healthz': async () => ({ status: 200, body: 'ok' }),
  '/hw2': async () => {
    const target = pick()
    if (!target) throw new Error('BENIGNO names no target')
    const greeting = await call(`${target.url}/hello`)
    const wantsOrder = ordini !== undefined && greetings++ % 3 === 0
    const order = wantsOrder
      ? await call(`${ordini}/orders?item=${1 + Math.floor(Math.random() * 20)}`)
      : undefined
    return { status: 200, body: { from: 'magnanimo', greeting, order } }
  },
})
