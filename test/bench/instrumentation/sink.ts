import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A process that takes OTLP/HTTP as a collector does, and says at the end how many requests came. */
let requests = 0
const server = createServer((request, response) => {
  request.resume()
  request.once('end', () => {
    requests++
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
  })
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))
process.once('SIGTERM', () => {
  process.stdout.write(`${requests}\n`)
  process.exit()
})
