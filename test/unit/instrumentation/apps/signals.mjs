// Serves until a signal ends it; MODE says what it does about signals.
import { createServer, get } from 'node:http'

const server = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1', () => {
  get({ port: server.address().port, host: '127.0.0.1', path: '/greet', agent: false }, (response) => {
    response.resume().once('end', () => process.stdout.write('ready\n'))
  })
})
const modes = {
  none() {},
  /** As signal-exit does: it ends the process only when no other listener is there to do it. */
  counting() {
    const onSignal = () => {
      if (process.listeners('SIGTERM').length !== 1) return
      process.removeListener('SIGTERM', onSignal)
      process.kill(process.pid, 'SIGTERM')
    }
    process.on('SIGTERM', onSignal)
  },
  graceful() {
    process.on('SIGTERM', () => {
      process.stdout.write('draining\n')
      setTimeout(() => process.exit(7), 600)
    })
  },
  ignoring() {
    process.on('SIGTERM', () => process.stdout.write('ignored\n'))
  },
}
modes[process.env.MODE ?? 'none']()
