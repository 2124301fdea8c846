// Says which of the known headers that carry a trace a request has.
const { createServer, get } = require('node:http')

const server = createServer(({ headers }, response) => {
  process.stdout.write(`${['traceparent', 'b3', 'x-b3-traceid'].filter((name) => headers[name])}\n`)
  response.end()
  server.close()
})
server.listen(0, '127.0.0.1', () => get({ port: server.address().port, host: '127.0.0.1', agent: false }))
