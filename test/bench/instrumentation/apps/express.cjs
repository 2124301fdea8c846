// A service of one route on Express, as CommonJS.
const express = require('express')

const app = express()
app.disable('x-powered-by')
app.use(express.json())
app.get('/carts/:id', (request, response) => {
  response.json({ id: request.params.id, items: [{ sku: 'a-1', count: 2, price: 19.9 }], currency: 'EUR' })
})
const server = app.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`))
