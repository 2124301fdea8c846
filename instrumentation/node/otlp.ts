import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { attemptMsMax, type SpanExporter } from './exporter.ts'
import type { Require } from './hooks.ts'
import type { Say } from './say.ts'

type Env = Readonly<Record<string, string | undefined>>
type Exporter = new (config: Record<string, unknown>) => SpanExporter

/** The default comes with the SDK; the others are files of their own. */
const files: Readonly<Record<string, string | undefined>> = {
  grpc: './lazy/exporter-trace-otlp-grpc.cjs',
  'http/json': './lazy/exporter-trace-otlp-http.cjs',
  'http/protobuf': undefined,
}

/** The OTLP exporter that the OTEL_* variables ask for; undefined: they ask for another one, which the SDK makes itself. */
export function otlpExporter({
  env,
  load,
  say,
}: {
  env: Env
  load: Require
  say: Say
}): SpanExporter | undefined {
  const wanted = (env['OTEL_TRACES_EXPORTER'] ?? '').trim()
  if (wanted !== '' && wanted !== 'otlp') return undefined
  const set = (
    env['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] ||
    env['OTEL_EXPORTER_OTLP_PROTOCOL'] ||
    'http/protobuf'
  ).trim()
  if (!Object.hasOwn(files, set)) say(`OTLP protocol "${set}" is unknown, http/protobuf is used`)
  const file = Object.hasOwn(files, set) ? files[set] : undefined
  const Exporter =
    file === undefined
      ? (OTLPTraceExporter as unknown as Exporter)
      : (load(file) as { OTLPTraceExporter: Exporter }).OTLPTraceExporter
  const timeout = env['OTEL_EXPORTER_OTLP_TRACES_TIMEOUT'] || env['OTEL_EXPORTER_OTLP_TIMEOUT']
  return new Exporter({
    ...(timeout ? {} : { timeoutMillis: attemptMsMax }),
    // The exporter's own time-out starts when the connection stands; the agent's covers connecting too. Own options
    // would displace the certificates of the environment.
    ...(set === 'grpc' || hasCertificate(env)
      ? {}
      : { httpAgentOptions: { keepAlive: true, timeout: Number(timeout) || attemptMsMax } }),
  })
}

function hasCertificate(env: Env): boolean {
  return Object.keys(env).some((key) =>
    /^OTEL_EXPORTER_OTLP_(TRACES_)?(CLIENT_)?(CERTIFICATE|KEY)$/.test(key),
  )
}
