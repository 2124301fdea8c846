/**
 * A sender that may be killed at any moment: it writes down each trace id before the first try (`T id`) and after the
 * acknowledgement (`A id`). To a service it sends log batches with batch ids beside them, as our agent does, every other one
 * over midnight (`L batch` and `B batch`). SIGTERM: it finishes what it has begun and ends with code 0.
 *
 *     node test/crash/sender-process.ts URL JOURNAL SENDER [POD_UID]
 */
import { appendFileSync } from 'node:fs'
import { logBatchOf, type RequestOf, traceIdOf } from './requests.ts'
import { sendLogBatch, sendTraces } from './send.ts'

const [url = '', journal = '', sender = '0', podUid] = process.argv.slice(2)
const lanes = 4
/** Old enough to be rolled up as soon as they arrive. */
const agoMs = 10 * 60_000
let going = true
let number = 0
process.on('SIGTERM', () => {
  going = false
})

async function lane(): Promise<void> {
  while (going) {
    const of: RequestOf = { sender: Number(sender), number: number++, timeMs: Date.now() - agoMs, podUid }
    appendFileSync(journal, `T ${traceIdOf(of)}\n`)
    await sendTraces(of, { url, signal: AbortSignal.timeout(120_000) })
    appendFileSync(journal, `A ${traceIdOf(of)}\n`)
    if (podUid || of.number % 3 > 0) continue
    const batch = { ...of, twoDays: of.number % 2 === 0 }
    appendFileSync(journal, `L ${logBatchOf(batch)}\n`)
    await sendLogBatch(batch, { url, signal: AbortSignal.timeout(120_000) })
    appendFileSync(journal, `B ${logBatchOf(batch)}\n`)
  }
}

await Promise.all(Array.from({ length: lanes }, lane))
process.exit(0)
