import { endWithParent, sleep } from './http-app.ts'

/** A small steady load: REQUESTS_PER_SECOND on TARGET, for REQUESTS_MAX requests at the most (0: until it is ended). */
const target = process.env['TARGET'] ?? 'http://127.0.0.1:4000/hw2'
const perSecond = Math.min(Number(process.env['REQUESTS_PER_SECOND'] ?? 5), 200)
const requestsMax = Number(process.env['REQUESTS_MAX'] ?? 0)
const inFlightMax = 50
let ending = false
endWithParent(() => {
  ending = true
})
process.stdout.write(`load on ${target}\n`)
let sent = 0
let inFlight = 0
while (!ending && (requestsMax === 0 || sent < requestsMax)) {
  await sleep(1000 / perSecond)
  if (inFlight >= inFlightMax) continue
  sent++
  inFlight++
  void fetch(target, { signal: AbortSignal.timeout(10_000) })
    .then((response) => response.arrayBuffer())
    .catch(() => {})
    .finally(() => {
      inFlight--
    })
}
process.exit(0)
