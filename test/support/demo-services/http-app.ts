import { trace } from '@opentelemetry/api'
import express, { type Request } from 'express'

export type Route = (request: Request) => Promise<{ readonly status: number; readonly body: unknown }>

/** A small HTTP service on Express, whose routes give operations their names: JSON answers, 500 when a route throws, an end on SIGTERM. */
export function serveHttp(name: string, routes: Readonly<Record<string, Route>>): void {
  const host = process.env['HOST'] ?? '127.0.0.1'
  const port = Number(process.env['PORT'] ?? 0)
  const app = express()
  app.disable('x-powered-by')
  for (const [path, route] of Object.entries(routes)) {
    app.get(path, (request, response) => {
      route(request).then(
        ({ status, body }) => response.status(status).json(body),
        (error: unknown) => {
          trace.getActiveSpan()?.recordException(error as Error)
          response.status(500).json({ error: String(error) })
        },
      )
    })
  }
  const server = app.listen(port, host, (error?: NodeJS.ErrnoException) => {
    if (error) {
      const why = error.code === 'EADDRINUSE' ? 'the port is in use' : error.message
      process.stderr.write(`${name}: cannot listen on ${host}:${port}: ${why}\n`)
      process.exit(1)
    }
    const address = server.address()
    process.stdout.write(
      `${name} listens on ${host}:${address && typeof address === 'object' ? address.port : port}\n`,
    )
  })
  endWithParent(() => server.close())
}

/**
 * A demo process ends on SIGTERM, and when whoever started it is gone. It stops its work and lets the process run out, so
 * that the instrumentation sends its last spans; what still runs after a moment is cut off.
 */
export function endWithParent(close: () => void): void {
  let ending = false
  const end = () => {
    if (ending) return
    ending = true
    close()
    if (process.connected) process.disconnect?.()
    setTimeout(() => process.exit(0), 2_500).unref()
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
  process.on('disconnect', end)
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Uniform between the bounds. */
export const between = (low: number, high: number): number => low + Math.random() * (high - low)
