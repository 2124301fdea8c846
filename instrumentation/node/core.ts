import { context, DiagLogLevel, diag, logs, metrics, propagation, trace } from '@opentelemetry/api'
import { type Instrumentation, registerInstrumentations } from '@opentelemetry/instrumentation'
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { flushAtEnd } from './ending.ts'
import { createPatientExporter, type PatientExporter } from './exporter.ts'
import type { Require } from './hooks.ts'
import { listening } from './modules.ts'
import { otlpExporter } from './otlp.ts'
import { resourceAttributes } from './resource.ts'
import { nameFastifyRoutes } from './routes.ts'
import type { Say } from './say.ts'

export { shared } from 'binnacle:shared'

/**
 * The SDK, once something is there to instrument. It leaves the application's signal handling and environment as it finds
 * them.
 */
export interface Core {
  /** Loads an instrumentation, which patches its modules from now on. */
  instrument(name: string): void
  /** Takes back what can be taken back, for another SDK to come. */
  stop(): void
}

export interface Start {
  readonly say: Say
  readonly isEnabled: (instrumentation: string) => boolean
  readonly isMainThread: boolean
  readonly load: Require
}

const configs: Readonly<Record<string, object>> = {
  // The route names the server span; a span for every middleware would only bury it.
  express: { ignoreLayersType: ['middleware', 'router', 'request_handler'] },
}

export function start({ say, isEnabled, isMainThread, load }: Start): Core {
  const instrumentations: Instrumentation[] = []
  const instrument = (name: string) => {
    const { create } = load(`./patch/${name}.cjs`) as { create(config: object): Instrumentation }
    const made = create(configs[name] ?? {})
    registerInstrumentations({ instrumentations: [made] })
    instrumentations.push(made)
  }
  const core: Core = {
    instrument,
    stop() {
      for (const one of instrumentations) one.disable()
      const ending = [trace, metrics, logs].map((api) => providerOf(api))
      for (const api of [trace, context, propagation, metrics, logs]) api.disable()
      for (const provider of ending) void provider?.shutdown?.().catch(() => {})
    },
  }
  withDefaults(process.env, isMainThread, () => {
    limitDiagnostics(say)
    const otlp = otlpExporter({ env: process.env, load, say })
    const exporter = otlp && createPatientExporter(otlp, say)
    new NodeSDK({
      resource: defaultResource().merge(resourceFromAttributes(resourceAttributes(process.env))),
      ...(exporter ? { traceExporter: exporter as never } : {}),
    }).start()
    for (const name of listening) {
      const ofMetrics = name !== 'undici'
      if (isEnabled(name) && (!ofMetrics || process.env['OTEL_METRICS_EXPORTER'] !== 'none')) instrument(name)
    }
    nameFastifyRoutes()
    flushAtEnd({ flush: createFlush(exporter), say, isMainThread })
  })
  return core
}

const defaults: readonly (readonly [name: string, value: string])[] = [
  ['OTEL_METRICS_EXPORTER', 'none'],
  ['OTEL_LOGS_EXPORTER', 'none'],
  // What the process detector adds has the command line in it, and so perhaps a password.
  ['OTEL_NODE_RESOURCE_DETECTORS', 'env'],
]

/** What the environment leaves open, set only while the SDK reads it: child processes inherit nothing of it. */
function withDefaults(env: NodeJS.ProcessEnv, isMainThread: boolean, act: () => void): void {
  const before = new Map<string, string | undefined>()
  const set = (name: string, value: string) => {
    before.set(name, env[name])
    env[name] = value
  }
  for (const [name, value] of defaults) if (!env[name]?.trim()) set(name, value)
  // Figures of the process are told once, not by each of its threads.
  if (!isMainThread) set('OTEL_METRICS_EXPORTER', 'none')
  try {
    act()
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete env[name]
      else env[name] = value
    }
  }
}

/** The SDK's complaints, few and short; with OTEL_LOG_LEVEL set the SDK says them itself, all of them. */
function limitDiagnostics(say: Say): void {
  if (process.env['OTEL_LOG_LEVEL']) return
  const short = (...words: unknown[]) => say(words.map(String).join(' ').replace(/\s+/g, ' ').slice(0, 300))
  const silent = () => {}
  const logger = { error: short, warn: short, info: silent, debug: silent, verbose: silent }
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
}

interface Provider {
  forceFlush?(): Promise<void>
  shutdown?(): Promise<void>
}

/** What was registered with an API; undefined: nothing, or something that is not the SDK's. */
function providerOf(api: typeof trace | typeof metrics | typeof logs): Provider | undefined {
  if ('getTracerProvider' in api) {
    const proxy = api.getTracerProvider() as { getDelegate?(): Provider }
    return proxy.getDelegate?.()
  }
  return ('getMeterProvider' in api ? api.getMeterProvider() : api.getLoggerProvider()) as Provider
}

function createFlush(exporter: PatientExporter | undefined): () => Promise<void> {
  let metricsSent = false
  const flushed = (provider: Provider | undefined) =>
    Promise.resolve(provider?.forceFlush?.()).catch(() => {})
  return async () => {
    const once = metricsSent ? undefined : providerOf(metrics)
    // A flush of metrics always sends, and would thereby keep the process alive for another one.
    metricsSent = true
    await Promise.all([
      flushed(providerOf(trace)).then(() => exporter?.settle()),
      flushed(providerOf(logs)),
      flushed(once),
    ])
  }
}
