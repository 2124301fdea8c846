// As ask.mjs, for Nodes from version 4 on.
'use strict'
const http = require('http')

const server = http.createServer(function (request, response) {
  response.writeHead(204)
  response.end()
})
server.listen(0, '127.0.0.1', function () {
  const asked = { port: server.address().port, host: '127.0.0.1', path: '/carts', agent: false }
  http.get(asked, function (response) {
    console.log(response.statusCode)
    server.close()
  })
})
