import { openDatabase } from './database.ts'
import { serveHttp } from './http-app.ts'
import { enqueue } from './queue.ts'

/** Takes orders: reads the stock, writes the order, asks for shipping through the queue. Some stock-takings are slow. */
const pool = openDatabase()
const slowRatio = Number(process.env['SLOW_RATIO'] ?? 0.04)

serveHttp('ordini', {
  '/healthz': async () => ({ status: 200, body: 'ok' }),
  '/orders': async (request) => {
    const item = Number(request.query['item'] ?? 1)
    await pool.query('SELECT pieces FROM stock WHERE item = $1', [item])
    if (Math.random() < slowRatio) {
      await pool.query(
        'SELECT count(*) FROM generate_series(1, 400000) g, stock WHERE g % 7 = 0 AND item = $1',
        [item],
      )
    }
    const { rows } = await pool.query<{ id: string }>('INSERT INTO orders (item) VALUES ($1) RETURNING id', [
      item,
    ])
    const id = rows[0]?.id ?? ''
    await enqueue(pool, id)
    return { status: 200, body: { from: 'ordini', order: id } }
  },
})
