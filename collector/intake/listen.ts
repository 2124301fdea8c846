import type { Server } from 'node:net'
import { listenError } from '../std/listen-error.ts'

/** Rejects with one clear sentence for an address that cannot be listened on. */
export function listenOn(
  server: Server,
  address: { readonly host: string; readonly port: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(listenError(error, address))
    server.once('error', fail)
    server.listen({ host: address.host, port: address.port }, () => {
      server.off('error', fail)
      resolve()
    })
  })
}
