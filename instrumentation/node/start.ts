import { flushAtEnd } from './ending.ts'
import { createPatientExporter, type PatientExporter } from './exporter.ts'
import { hookModules, patchedModules } from './hooks.ts'
import { otlpExporter } from './otlp.ts'
import { resourceAttributes } from './resource.ts'
import { createSay, type Say } from './say.ts'

/**
 * The zero-code bootstrap: `node --import @binnacle/instrumentation app.js`, or `--require`.
 *
 * It runs inside other people's processes. So it never throws, says little on standard error, does nothing in worker
 * threads and on Node versions the OpenTelemetry packages do not support, starts once however often it is loaded,
 * and leaves the application's signal handling and environment as it finds them. When anything fails, the application
 * runs as without it.
 */
const nodeMin: readonly [major: number, minor: number] = [22, 15]
const startedKey = Symbol.for('binnacle.instrumentation.started')

type Load = (name: string) => unknown
type Env = Readonly<Record<string, string | undefined>>

export function startOnce(load: Load): void {
  const say = createSay()
  try {
    if ((globalThis as Record<symbol, unknown>)[startedKey] || !isWanted(process.env)) return
    ;(globalThis as Record<symbol, unknown>)[startedKey] = true
    if (!isSupported(say)) return
    start(load, say)
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    say(`the application runs without instrumentation: ${cause}`)
  }
}

function isWanted(env: Env): boolean {
  if (String(env['OTEL_SDK_DISABLED']).trim().toLowerCase() === 'true') return false
  const off = (exporter: string | undefined) => exporter === undefined || exporter.trim() === 'none'
  const tracesOff = env['OTEL_TRACES_EXPORTER']?.trim() === 'none'
  return !(tracesOff && off(env['OTEL_METRICS_EXPORTER']) && off(env['OTEL_LOGS_EXPORTER']))
}

function isSupported(say: Say): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > nodeMin[0] || (major === nodeMin[0] && minor >= nodeMin[1])) return true
  say(
    `Node ${process.versions.node} is too old, ${nodeMin.join('.')} is needed: the application runs without instrumentation`,
  )
  return false
}

interface Sdk {
  start(): void
}
interface SdkModule {
  readonly NodeSDK: new (config: Record<string, unknown>) => Sdk
}
interface ResourcesModule {
  resourceFromAttributes(attributes: Record<string, string>): unknown
}
interface InstrumentationsModule {
  getNodeAutoInstrumentations(config: Record<string, object>): unknown[]
}

function start(load: Load, say: Say): void {
  const { isMainThread } = load('node:worker_threads') as { isMainThread: boolean }
  if (!isMainThread) return
  withDefaults(process.env, () => {
    limitDiagnostics(load, say)
    const { NodeSDK } = load('@opentelemetry/sdk-node') as SdkModule
    const { resourceFromAttributes } = load('@opentelemetry/resources') as ResourcesModule
    const { getNodeAutoInstrumentations } = load(
      '@opentelemetry/auto-instrumentations-node',
    ) as InstrumentationsModule
    const off = { enabled: false }
    const instrumentations = getNodeAutoInstrumentations({
      // Spans of every file, socket and name look-up cost much and tell little.
      '@opentelemetry/instrumentation-fs': off,
      '@opentelemetry/instrumentation-dns': off,
      '@opentelemetry/instrumentation-net': off,
      // Express's router is told of by the Express instrumentation: the route names the server span, and a span for every
      // middleware would only bury it.
      '@opentelemetry/instrumentation-router': off,
      '@opentelemetry/instrumentation-express': {
        ignoreLayersType: ['middleware', 'router', 'request_handler'],
      },
    })
    hookModules(load, patchedModules(instrumentations))
    const otlp = otlpExporter({ env: process.env, load, say })
    const exporter = otlp && createPatientExporter(otlp, say)
    new NodeSDK({
      resource: resourceFromAttributes(resourceAttributes(process.env)),
      instrumentations,
      ...(exporter ? { traceExporter: exporter } : {}),
    }).start()
    flushAtEnd({ flush: createFlush(load, exporter), say })
  })
}

const defaults: readonly (readonly [name: string, value: string])[] = [
  ['OTEL_METRICS_EXPORTER', 'none'],
  ['OTEL_LOGS_EXPORTER', 'none'],
  ['OTEL_NODE_RESOURCE_DETECTORS', 'env,process'],
]

/** What the environment leaves open, set only while the SDK reads it: child processes inherit nothing of it. */
function withDefaults(env: NodeJS.ProcessEnv, act: () => void): void {
  const added = defaults.filter(([name]) => env[name] === undefined)
  for (const [name, value] of added) env[name] = value
  try {
    act()
  } finally {
    for (const [name] of added) delete env[name]
  }
}

interface ApiModule {
  readonly diag: { setLogger(logger: Record<string, (...words: string[]) => void>, options: object): void }
  readonly DiagLogLevel: { readonly WARN: number }
  readonly trace: { getTracerProvider(): { getDelegate?(): Provider } }
  readonly metrics: { getMeterProvider(): Provider }
  readonly logs?: { getLoggerProvider(): Provider }
}
interface Provider {
  forceFlush?(): Promise<void>
}

/** The SDK's complaints, few and short; with OTEL_LOG_LEVEL set the SDK says them itself, all of them. */
function limitDiagnostics(load: Load, say: Say): void {
  if (process.env['OTEL_LOG_LEVEL']) return
  const { diag, DiagLogLevel } = load('@opentelemetry/api') as ApiModule
  const short = (...words: string[]) => say(words.map(String).join(' ').replace(/\s+/g, ' ').slice(0, 300))
  const silent = () => {}
  const logger = { error: short, warn: short, info: silent, debug: silent, verbose: silent }
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
}

function createFlush(load: Load, exporter: PatientExporter | undefined): () => Promise<void> {
  const { trace, metrics, logs } = load('@opentelemetry/api') as ApiModule
  let metricsSent = false
  const flushed = (provider: Provider | undefined) =>
    Promise.resolve(provider?.forceFlush?.()).catch(() => {})
  return async () => {
    const once = metricsSent ? undefined : metrics.getMeterProvider()
    // A flush of metrics always sends, and would thereby keep the process alive for another one.
    metricsSent = true
    await Promise.all([
      flushed(trace.getTracerProvider().getDelegate?.()).then(() => exporter?.settle()),
      flushed(logs?.getLoggerProvider()),
      flushed(once),
    ])
  }
}
