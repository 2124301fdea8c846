import { PGlite } from '@electric-sql/pglite'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'
import { endWithParent } from './http-app.ts'

/** A real Postgres (PGlite, in WebAssembly) behind its wire protocol, with the tables of the demo shop. In memory. */
const host = process.env['HOST'] ?? '127.0.0.1'
const port = Number(process.env['PORT'] ?? 5432)

const db = await PGlite.create()
await db.exec(`
  CREATE TABLE stock (item int PRIMARY KEY, pieces int NOT NULL);
  INSERT INTO stock SELECT g, 1000000 FROM generate_series(1, 20) g;
  CREATE TABLE orders (id bigserial PRIMARY KEY, item int NOT NULL, placed_at timestamptz NOT NULL DEFAULT now());
  CREATE TABLE shipping_jobs (
    id bigserial PRIMARY KEY, order_id bigint NOT NULL, context jsonb NOT NULL, taken_at timestamptz
  );
`)
const server = new PGLiteSocketServer({ db, host, port, maxConnections: 20 })
await server.start()
process.stdout.write(`postgres listens on ${host}:${port}\n`)
endWithParent(() => {
  void server
    .stop()
    .then(() => db.close())
    .finally(() => process.exit(0))
})
