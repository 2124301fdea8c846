import type { Server } from 'node:net'
import { errorText } from '../std/assert.ts'

/** One clear sentence for an address that cannot be listened on. */
export function listenOn(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => {
      const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
      reject(new Error(`cannot listen on ${address}: ${causeOf(error)}`, { cause: error }))
    }
    server.once('error', fail)
    server.listen({ host, port }, () => {
      server.off('error', fail)
      resolve()
    })
  })
}

function causeOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'EADDRINUSE') return 'the port is in use'
  return error.code === 'EACCES' ? 'no permission for this port' : errorText(error)
}
