import { parseServiceConfig } from '../../../collector/service/config.ts'
import { startService } from '../../../collector/service/main.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { startTestClickHouse, type TestClickHouse } from '../clickhouse.ts'
import { eventually } from '../processes.ts'
import { encodeSpans, type ReplaySpan } from './spans.ts'

/** The service as it runs, on free ports over a real engine, for public data that is sent to it as OTLP. */
export interface Product {
  readonly clickHouse: TestClickHouse
  readonly url: string
  sendSpans(spans: readonly ReplaySpan[]): Promise<void>
  /** One OTLP request: `traces`, `logs` or `metrics`. */
  send(signal: string, body: Uint8Array | string): Promise<void>
  /** Until every minute of the stored spans has been computed since they came; the newest are read raw. */
  rolledUp(): Promise<void>
  /** A route below /api/v1. */
  get<T>(path: string, parameters?: Readonly<Record<string, string | number>>): Promise<T>
  close(): Promise<void>
}

const spansOfRequest = 5_000
const pendingMinutes = `
SELECT toFloat64(count()) AS pending
FROM (SELECT toStartOfMinute(start_time) AS minute, max(received_at) AS received FROM spans GROUP BY minute) AS sent
LEFT JOIN (SELECT minute, max(computed_at) AS computed FROM rollup_minutes GROUP BY minute) AS done USING (minute)
WHERE minute < now() - INTERVAL 5 MINUTE AND computed < received`

export async function startProduct(): Promise<Product> {
  const clickHouse = await startTestClickHouse()
  const service = await startService(
    parseServiceConfig({
      overrides: {
        'listen.port': 0,
        'otlp.grpc.enabled': false,
        'otlp.http.enabled': false,
        'clickhouse.url': clickHouse.url,
        'clickhouse.database': clickHouse.database,
      },
    }),
    { log: silentLog, version: '0.0.0-test' },
  )
  const send = async (signal: string, body: Uint8Array | string) => {
    const response = await fetch(`${service.url}/v1/${signal}`, {
      method: 'POST',
      headers: { 'content-type': typeof body === 'string' ? 'application/json' : 'application/x-protobuf' },
      body: typeof body === 'string' ? body : Buffer.from(body),
    })
    const answer = Buffer.from(await response.arrayBuffer())
    // Anything but an empty answer tells of rejected items.
    const whole = response.status === 200 && (answer.length === 0 || answer.toString() === '{}')
    if (!whole) throw new Error(`cannot send ${signal}: ${response.status} ${answer.toString()}`)
  }
  return {
    clickHouse,
    url: service.url,
    send,
    async sendSpans(spans) {
      for (let at = 0; at < spans.length; at += spansOfRequest)
        await send('traces', encodeSpans(spans.slice(at, at + spansOfRequest)))
    },
    async rolledUp() {
      await eventually(
        'the rollup has come to all spans',
        async () => {
          const [row] = await clickHouse.store.query<{ pending: number }>({ sql: pendingMinutes, params: {} })
          return row?.pending === 0 ? true : undefined
        },
        { withinMs: 240_000, everyMs: 500 },
      )
    },
    async get<T>(path: string, parameters: Readonly<Record<string, string | number>> = {}): Promise<T> {
      const query = new URLSearchParams(
        Object.entries(parameters).map(([key, value]) => [key, String(value)]),
      )
      const response = await fetch(`${service.url}/api/v1${path}?${query}`)
      const body = await response.text()
      if (!response.ok) throw new Error(`cannot get ${path}: ${response.status} ${body}`)
      return JSON.parse(body) as T // By the route's schema.
    },
    async close() {
      await service.close()
      await clickHouse.close()
    },
  }
}
