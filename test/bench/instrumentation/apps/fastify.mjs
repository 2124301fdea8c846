// A service of one route on Fastify, as an ECMAScript module.
import fastify from 'fastify'

const app = fastify()
app.get('/carts/:id', async ({ params }) => ({
  id: params.id,
  items: [{ sku: 'a-1', count: 2, price: 19.9 }],
  currency: 'EUR',
}))
await app.listen({ port: 0, host: '127.0.0.1' })
process.stdout.write(`${app.server.address().port}\n`)
