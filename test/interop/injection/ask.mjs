// Serves one request, asks for it, and ends. Knows nothing of OpenTelemetry.
import { createServer, get } from 'node:http'

const server = createServer((_request, response) => response.writeHead(204).end())
server.listen(0, '127.0.0.1', () => {
  get({ port: server.address().port, host: '127.0.0.1', path: '/carts', agent: false }, ({ statusCode }) => {
    console.log(statusCode)
    server.close()
  })
})
