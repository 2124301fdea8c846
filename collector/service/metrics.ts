import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { FastifyInstance } from 'fastify'
import type { SelfMetrics } from '../std/self-metrics.ts'

/** The service's metrics about its process and its HTTP port; the parts add their own. */
export function observeProcess(metrics: SelfMetrics): { close(): void } {
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  metrics.gauge('process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss())
  metrics.gauge('event_loop_delay_p99_seconds', 'Delay of the event loop since the last scrape, p99', () => {
    const seconds = delay.percentile(99) / 1e9
    delay.reset()
    return seconds
  })
  return { close: () => delay.disable() }
}

/** Requests by route pattern, never by path, so that the labels are bounded. */
export function observeRequests(app: FastifyInstance, metrics: SelfMetrics): void {
  const seconds = metrics.histogram(
    'http_request_seconds',
    'From the request to the end of its answer',
    [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20],
  )
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none'
    seconds.record(reply.elapsedTime / 1000, { route, status: `${Math.floor(reply.statusCode / 100)}xx` })
  })
}
