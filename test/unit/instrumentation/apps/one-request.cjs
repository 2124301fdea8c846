// A CommonJS module that serves one request, asks for it, and ends when nothing is left to do.
const { createServer, get } = require('node:http')

const server = createServer((_request, response) => response.end('hello'))
server.listen(0, '127.0.0.1', () => {
  get({ port: server.address().port, host: '127.0.0.1', path: '/greet', agent: false }, (response) => {
    response.resume().once('end', () => {
      server.close()
      process.stdout.write(
        `${JSON.stringify({ worked: true, exporter: process.env.OTEL_METRICS_EXPORTER })}\n`,
      )
    })
  })
})
process.exitCode = Number(process.env.EXIT_CODE ?? 0)
