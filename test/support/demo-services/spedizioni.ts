import { context } from '@opentelemetry/api'
import { suppressTracing } from '@opentelemetry/core'
import { openDatabase } from './database.ts'
import { between, endWithParent, sleep } from './http-app.ts'
import { take, workOn } from './queue.ts'

/** Ships: takes jobs from the queue. Looking for work is not worth a trace; the work is. */
const pool = openDatabase()
let ending = false
endWithParent(() => {
  ending = true
})
process.stdout.write('spedizioni takes jobs\n')
while (!ending) {
  const job = await context.with(suppressTracing(context.active()), () => take(pool)).catch(() => undefined)
  if (job) await workOn(job, () => sleep(between(20, 90)))
  else await sleep(200)
}
await pool.end().catch(() => {})
