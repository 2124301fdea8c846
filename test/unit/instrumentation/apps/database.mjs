// Imports a database client as an ECMAScript module and asks a server that is not there.
import pg from 'pg'

const client = new pg.Client({
  host: '127.0.0.1',
  port: Number(process.env.DATABASE_PORT),
  connectionTimeoutMillis: 500,
})
await client.connect().catch((error) => process.stdout.write(`${error.code}\n`))
