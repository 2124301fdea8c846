import { context } from '@opentelemetry/api'
import { suppressTracing } from '@opentelemetry/core'
import { openDatabase } from './database.ts'
import { between, endWithParent, sleep } from './http-app.ts'
import { takeOne } from './queue.ts'

/** Ships: takes jobs from the queue. Looking for work is not worth a trace; the work is. */
const pool = openDatabase()
let ending = false
endWithParent(() => {
  ending = true
})
process.stdout.write('spedizioni takes jobs\n')
while (!ending) {
  const idle = context.active()
  const found = await context
    .with(suppressTracing(idle), () =>
      takeOne(pool, (order) => context.with(context.active(), () => ship(order))),
    )
    .catch(() => false)
  if (!found) await sleep(200)
}
await pool.end().catch(() => {})
process.exit(0)

async function ship(_order: string): Promise<void> {
  await sleep(between(20, 90))
}
