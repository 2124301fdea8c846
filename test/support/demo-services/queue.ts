import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
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

export interface Job {
  readonly orderId: string
  readonly context: Record<string, string>
}

/** Takes a job from the queue, if there is one. */
export async function take(pool: Pool): Promise<Job | undefined> {
  const { rows } = await pool.query<{ order_id: string; context: Record<string, string> }>(
    `DELETE FROM shipping_jobs WHERE id = (
       SELECT id FROM shipping_jobs ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
     ) RETURNING order_id, context`,
  )
  const job = rows[0]
  return job && { orderId: job.order_id, context: job.context }
}

/** Works on a job within the trace of its sender. */
export async function workOn(job: Job, work: (orderId: string) => Promise<void>): Promise<void> {
  const parent = propagation.extract(context.active(), job.context)
  const options = {
    kind: SpanKind.CONSUMER,
    attributes: { ...attributes, 'messaging.operation.type': 'process' },
  }
  await tracer.startActiveSpan(`process ${destination}`, options, parent, async (span) => {
    try {
      await work(job.orderId)
    } catch (error) {
      span.recordException(error as Error)
      span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) })
    } finally {
      span.end()
    }
  })
}
