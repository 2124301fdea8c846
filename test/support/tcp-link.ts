import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A network between a client and a server, which can be cut. */
export interface TcpLink {
  readonly port: number
  /** Nothing travels and nobody is told: connections stay open, new ones are taken and stay silent. */
  partition(): void
  /** What was cut off is reset; new connections work. */
  heal(): void
  close(): Promise<void>
}

export async function startTcpLink(targetPort: number): Promise<TcpLink> {
  const sockets = new Set<Socket>()
  let cut = false
  const hold = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
  }
  const server = createServer((near) => {
    hold(near)
    if (cut) return
    const far = connect(targetPort, '127.0.0.1')
    hold(far)
    near.pipe(far).pipe(near)
    near.once('close', () => far.destroy())
    far.once('close', () => near.destroy())
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    port: (server.address() as AddressInfo).port,
    partition() {
      cut = true
      for (const socket of sockets) socket.unpipe().pause()
    },
    heal() {
      cut = false
      for (const socket of sockets) socket.resetAndDestroy()
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
