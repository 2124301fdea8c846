import { type Context, context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { Pool } from 'pg'

/**
 * The shop's queue of shipping jobs: a Postgres table, taken from with SKIP LOCKED. No instrumentation knows it, so it
 * makes its own PRODUCER and CONSUMER spans by the messaging conventions and carries the trace context in the job
 * (https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/).
 */
const destination = 'shipping_jobs'
const attributes = {
  'messaging.system': 'postgresql',
  'messaging.destination.name': destination,
}
const tracer = trace.getTracer('demo.queue')

export async function enqueue(pool: Pool, orderId: string): Promise<void> {
  const options = {
    kind: SpanKind.PRODUCER,
    attributes: { ...attributes, 'messaging.operation.type': 'send' },
  }
  await tracer.startActiveSpan(`send ${destination}`, options, async (span) => {
    try {
      const carrier: Record<string, string> = {}
      propagation.inject(context.active(), carrier)
      await pool.query('INSERT INTO shipping_jobs (order_id, context) VALUES ($1, $2)', [
        orderId,
        JSON.stringify(carrier),
      ])
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) })
      throw error
    } finally {
      span.end()
    }
  })
}

/** Takes one job and works on it within the trace of its sender; false when there is none. */
export async function takeOne(pool: Pool, work: (orderId: string) => Promise<void>): Promise<boolean> {
  const { rows } = await pool.query<{ order_id: string; context: Record<string, string> }>(
    `DELETE FROM shipping_jobs WHERE id = (
       SELECT id FROM shipping_jobs ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
     ) RETURNING order_id, context`,
  )
  const job = rows[0]
  if (!job) return false
  await process_(propagation.extract(context.active(), job.context), job.order_id, work)
  return true
}

async function process_(
  parent: Context,
  orderId: string,
  work: (orderId: string) => Promise<void>,
): Promise<void> {
  const options = {
    kind: SpanKind.CONSUMER,
    attributes: { ...attributes, 'messaging.operation.type': 'process' },
  }
  await tracer.startActiveSpan(`process ${destination}`, options, parent, async (span) => {
    try {
      await work(orderId)
    } catch (error) {
      span.recordException(error as Error)
      span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) })
    } finally {
      span.end()
    }
  })
}
