import { attemptMsMax, type SpanExporter } from './exporter.ts'
import type { Say } from './say.ts'

type Env = Readonly<Record<string, string | undefined>>
type Load = (name: string) => unknown
interface ExporterModule {
  readonly OTLPTraceExporter: new (config: Record<string, unknown>) => SpanExporter
}

const packages: Readonly<Record<string, string>> = {
  grpc: '@opentelemetry/exporter-trace-otlp-grpc',
  'http/json': '@opentelemetry/exporter-trace-otlp-http',
  'http/protobuf': '@opentelemetry/exporter-trace-otlp-proto',
}

/** The OTLP exporter that the OTEL_* variables ask for; undefined: they ask for another one, which the SDK makes itself. */
export function otlpExporter({
  env,
  load,
  say,
}: {
  env: Env
  load: Load
  say: Say
}): SpanExporter | undefined {
  const wanted = (env['OTEL_TRACES_EXPORTER'] ?? '').trim()
  if (wanted !== '' && wanted !== 'otlp') return undefined
  const set =
    env['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] || env['OTEL_EXPORTER_OTLP_PROTOCOL'] || 'http/protobuf'
  const name = packages[set.trim()]
  if (name === undefined) say(`OTLP protocol "${set}" is unknown, http/protobuf is used`)
  const { OTLPTraceExporter } = load(name ?? String(packages['http/protobuf'])) as ExporterModule
  const timeout = env['OTEL_EXPORTER_OTLP_TRACES_TIMEOUT'] || env['OTEL_EXPORTER_OTLP_TIMEOUT']
  return new OTLPTraceExporter({
    ...(timeout ? {} : { timeoutMillis: attemptMsMax }),
    // The exporter's own time-out starts when the connection stands; the agent's covers connecting too. Own options
    // would displace the certificates of the environment.
    ...(name === packages['grpc'] || hasCertificate(env)
      ? {}
      : { httpAgentOptions: { keepAlive: true, timeout: Number(timeout) || attemptMsMax } }),
  })
}

function hasCertificate(env: Env): boolean {
  return Object.keys(env).some((key) =>
    /^OTEL_EXPORTER_OTLP_(TRACES_)?(CLIENT_)?(CERTIFICATE|KEY)$/.test(key),
  )
}
