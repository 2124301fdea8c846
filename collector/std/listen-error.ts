import { errorText } from './assert.ts'

/** One clear sentence for an address that cannot be listened on. */
export function listenError(
  error: unknown,
  { host, port }: { readonly host: string; readonly port: number },
): Error {
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  const cause =
    code === 'EADDRINUSE' || /EADDRINUSE|address already in use/i.test(errorText(error))
      ? 'the port is in use'
      : code === 'EACCES'
        ? 'no permission for this port'
        : errorText(error)
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  return new Error(`cannot listen on ${address}: ${cause}`, { cause: error })
}
