import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

export type Route = (
  request: IncomingMessage,
  url: URL,
) => Promise<{ readonly status: number; readonly body: unknown }>

/** A small HTTP service: routes by path, JSON answers, 500 with the message when a route throws, an end on SIGTERM. */
export function serveHttp(name: string, routes: Readonly<Record<string, Route>>): void {
  const host = process.env['HOST'] ?? '127.0.0.1'
  const port = Number(process.env['PORT'] ?? 0)
  const server = createServer((request, response) => void answer(routes, request, response))
  server.once('error', (error: NodeJS.ErrnoException) => {
    const why = error.code === 'EADDRINUSE' ? 'the port is in use' : error.message
    process.stderr.write(`${name}: cannot listen on ${host}:${port}: ${why}\n`)
    process.exit(1)
  })
  server.listen(port, host, () => {
    const address = server.address()
    process.stdout.write(
      `${name} listens on ${host}:${address && typeof address === 'object' ? address.port : port}\n`,
    )
  })
  endWithParent(() => server.close(() => process.exit(0)))
}

async function answer(
  routes: Readonly<Record<string, Route>>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const route = routes[url.pathname]
  const { status, body } = route
    ? await route(request, url).catch((error: unknown) => ({ status: 500, body: { error: String(error) } }))
    : { status: 404, body: { error: `no route ${url.pathname}` } }
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** A demo process ends on SIGTERM, and when whoever started it is gone. */
export function endWithParent(close: () => void): void {
  let ending = false
  const end = () => {
    if (ending) return
    ending = true
    close()
    setTimeout(() => process.exit(0), 2_500).unref()
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
  process.on('disconnect', end)
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Uniform between the bounds. */
export const between = (low: number, high: number): number => low + Math.random() * (high - low)
