import { rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'

/**
 * One process at a time in a directory: two would give out the same batch ids and remove each other's segments. Node has no
 * flock, and a file with a process id says nothing across containers; so it is a socket with a name in the directory. The
 * kernel closes it when its process ends in any way, and whoever finds the name can ask whether somebody listens.
 *
 * It tells apart processes of one machine (containers that share a volume, too), not those of two machines on one network
 * volume. Where the file system knows no sockets, or the path is too long for one, there is no lock.
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const path = join(directory, 'lock')
  let server = await tryListen(path)
  if (server === 'taken') {
    if (await answers(path)) throw new Error('another agent uses it')
    // Of a process that was killed.
    await rm(path, { force: true })
    server = await tryListen(path)
  }
  if (server === 'taken') throw new Error('another agent uses it')
  const held = server
  return () => new Promise((done) => (held ? held.close(() => done()) : done()))
}

/** Undefined: no sockets here. */
function tryListen(path: string): Promise<Server | 'taken' | undefined> {
  return new Promise((done) => {
    const server = createServer((socket) => socket.destroy())
    server.unref()
    server.once('error', ({ code }: NodeJS.ErrnoException) =>
      done(code === 'EADDRINUSE' ? 'taken' : undefined),
    )
    server.listen(path, () => done(server))
  })
}

function answers(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      done(true)
    })
    socket.once('error', () => done(false))
  })
}
