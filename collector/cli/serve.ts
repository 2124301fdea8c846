import { setFlagsFromString } from 'node:v8'
import { type Embedded, startEmbedded } from '../embedded/supervise.ts'
import { loadServiceConfig } from '../service/config.ts'
import { startService } from '../service/main.ts'
import { createLog } from '../std/log.ts'
import { untilStopped } from './until-stopped.ts'

export interface ServeOptions {
  readonly config?: string
  readonly listen?: { readonly host: string; readonly port: number }
  readonly otlpGrpcPort?: number
  readonly otlpHttpPort?: number
  readonly clickhouseUrl?: string
  readonly clickhouseDatabase?: string
  readonly dataDir: string
  readonly clickhousePort: number
  readonly notice?: string
  readonly logLevel?: string
  readonly version: string
}

/**
 * The heaps of the decoding threads are small and were collected every few requests, with a third of the process's CPU
 * time: a heap may grow to three times what is alive, and new objects have 16 MiB before they are looked through.
 */
const heapFlags = ['--heap-growing-percent=200', '--min-semi-space-size=16']

/** `binnacle serve`: the service on a ClickHouse server, or on an embedded engine that it runs itself. */
export async function runServe(options: ServeOptions): Promise<number> {
  const config = loadServiceConfig({
    file: options.config,
    env: process.env,
    overrides: {
      'listen.host': options.listen?.host,
      'listen.port': options.listen?.port,
      'otlp.grpc.port': options.otlpGrpcPort,
      'otlp.http.port': options.otlpHttpPort,
      'clickhouse.url': options.clickhouseUrl,
      'clickhouse.database': options.clickhouseDatabase,
      notice: options.notice,
      'log.level': options.logLevel,
    },
  })
  const log = createLog({ name: 'service', level: config.log.level })
  for (const flag of heapFlags) setFlagsFromString(flag)
  const stopping = new AbortController()
  const stopped = untilStopped().then((why) => {
    stopping.abort()
    return why
  })
  const embedded =
    config.clickhouse.url === ''
      ? await startEmbedded({ dataDir: options.dataDir, port: options.clickhousePort, log })
      : undefined
  try {
    const service = await startService(withUrl(config, embedded), {
      log,
      version: options.version,
      storeMode: embedded ? 'embedded' : 'server',
      signal: stopping.signal,
    })
    const clickhouse = embedded?.url ?? config.clickhouse.url
    const { url, grpc, otlpHttp } = service
    log.info({ url, grpc, otlpHttp, clickhouse }, 'the service is ready')
    const why = await stopped
    log.info({ why }, 'stopping')
    await service.close()
    return 0
  } finally {
    await embedded?.close()
  }
}

function withUrl<C extends { readonly clickhouse: { readonly url: string } }>(
  config: C,
  embedded: Embedded | undefined,
): C {
  return embedded ? { ...config, clickhouse: { ...config.clickhouse, url: embedded.url } } : config
}
