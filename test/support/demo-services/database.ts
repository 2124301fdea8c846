import { Pool } from 'pg'

/** The shop's database, from DATABASE_HOST and DATABASE_PORT. */
export function openDatabase(): Pool {
  const pool = new Pool({
    host: process.env['DATABASE_HOST'] ?? '127.0.0.1',
    port: Number(process.env['DATABASE_PORT'] ?? 5432),
    user: 'postgres',
    database: 'postgres',
    max: 2,
    connectionTimeoutMillis: 5_000,
    // Idle connections shall not keep an ending process.
    allowExitOnIdle: true,
  })
  // The database may go away and come back; a query then says so itself.
  pool.on('error', () => {})
  return pool
}
