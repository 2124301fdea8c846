// Serves one route by Fastify and one by Express, as ECMAScript modules, and asks for both.
import express from 'express'
import fastify from 'fastify'

const first = fastify()
first.get('/carts/:id', async () => ({}))
first.post('/carts/:id/items', async () => ({}))
await first.listen({ port: 0, host: '127.0.0.1' })
const { port } = first.server.address()
await fetch(`http://127.0.0.1:${port}/carts/17`)
await fetch(`http://127.0.0.1:${port}/carts/17/items`, {
  method: 'POST',
  body: 'x',
  headers: { 'content-type': 'text/plain' },
})

const second = express()
second.use((_request, _response, next) => next())
second.get('/users/:id', (_request, response) => response.send('hello'))
await new Promise((listening) => {
  const server = second.listen(0, '127.0.0.1', async () => {
    await fetch(`http://127.0.0.1:${server.address().port}/users/17`)
    server.close()
    listening()
  })
})
await first.close()
