import { resourceAttributes } from './resource.ts'

/**
 * The zero-code bootstrap: `node --import @binnacle/instrumentation app.js`, or `--require`.
 *
 * It runs inside other people's processes. So it never throws, says at most one line on standard error, does nothing in
 * worker threads and on Node versions the OpenTelemetry packages do not support, starts once however often it is loaded,
 * and leaves the application's signal handling as it finds it. When anything fails, the application runs as without it.
 */
const nodeMin: readonly [major: number, minor: number] = [22, 15]
const flushWithinMs = 2_000
const startedKey = Symbol.for('binnacle.instrumentation.started')

type Load = (name: string) => unknown

export function startOnce(load: Load): void {
  try {
    if (!mayStart()) return
    ;(globalThis as Record<symbol, unknown>)[startedKey] = true
    start(load)
  } catch (error) {
    sayOnce(
      `the application runs without instrumentation: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

function mayStart(): boolean {
  if ((globalThis as Record<symbol, unknown>)[startedKey]) return false
  if (String(process.env['OTEL_SDK_DISABLED']).toLowerCase() === 'true') return false
  if (process.env['OTEL_TRACES_EXPORTER'] === 'none') return false
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < nodeMin[0] || (major === nodeMin[0] && minor < nodeMin[1])) {
    sayOnce(
      `Node ${process.versions.node} is too old, ${nodeMin.join('.')} is needed: the application runs without instrumentation`,
    )
    return false
  }
  return true
}

interface Sdk {
  start(): void
  shutdown(): Promise<void>
}
interface SdkModule {
  readonly NodeSDK: new (config: Record<string, unknown>) => Sdk
}
interface ResourcesModule {
  resourceFromAttributes(attributes: Record<string, string>): unknown
}
interface InstrumentationsModule {
  getNodeAutoInstrumentations(config: Record<string, { enabled: boolean }>): unknown[]
}
interface SyncHooks {
  supportsSyncHooks(): boolean
  register(): void
}

function start(load: Load): void {
  const { isMainThread } = load('node:worker_threads') as { isMainThread: boolean }
  if (!isMainThread) return
  applyDefaults(process.env)
  hookModules(load)
  const { NodeSDK } = load('@opentelemetry/sdk-node') as SdkModule
  const { resourceFromAttributes } = load('@opentelemetry/resources') as ResourcesModule
  const { getNodeAutoInstrumentations } = load(
    '@opentelemetry/auto-instrumentations-node',
  ) as InstrumentationsModule
  const off = { enabled: false }
  const sdk = new NodeSDK({
    resource: resourceFromAttributes(resourceAttributes(process.env)),
    instrumentations: [
      getNodeAutoInstrumentations({
        // Spans of every file, socket and name look-up cost much and tell little.
        '@opentelemetry/instrumentation-fs': off,
        '@opentelemetry/instrumentation-dns': off,
        '@opentelemetry/instrumentation-net': off,
      }),
    ],
  })
  sdk.start()
  flushAtEnd(sdk)
}

/** What the environment leaves open. Metrics and logs stay off until they are asked for. */
function applyDefaults(env: NodeJS.ProcessEnv): void {
  env['OTEL_EXPORTER_OTLP_PROTOCOL'] ??= 'http/protobuf'
  env['OTEL_METRICS_EXPORTER'] ??= 'none'
  env['OTEL_LOGS_EXPORTER'] ??= 'none'
  env['OTEL_LOG_LEVEL'] ??= 'error'
  env['OTEL_NODE_RESOURCE_DETECTORS'] ??= 'env,process'
}

/** ECMAScript modules are instrumented through a loader hook, CommonJS ones through require. */
function hookModules(load: Load): void {
  const hooks = load('import-in-the-middle/register-hooks.mjs') as SyncHooks
  if (hooks.supportsSyncHooks()) {
    hooks.register()
    return
  }
  // Node versions before synchronous hooks run the loader on a thread of its own.
  const { pathToFileURL } = load('node:url') as { pathToFileURL(path: string): URL }
  const { register } = load('node:module') as {
    register(specifier: string, options: { parentURL: string }): void
  }
  const resolver = load as unknown as { resolve(name: string): string }
  const hook = pathToFileURL(resolver.resolve('import-in-the-middle/hook.mjs')).href
  register(hook, { parentURL: hook })
}

/**
 * Sends what is still held when the process ends. On a signal the application's own handlers decide; when it has none,
 * the process would have ended at once, and ends now after the flush, by the same signal.
 */
function flushAtEnd(sdk: Sdk): void {
  let flushing: Promise<void> | undefined
  const flush = () => {
    flushing ??= Promise.race([
      sdk.shutdown().catch(() => {}),
      new Promise<void>((resolve) => setTimeout(resolve, flushWithinMs).unref()),
    ])
    return flushing
  }
  process.once('beforeExit', () => void flush())
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const onSignal = () => {
      const alone = process.listenerCount(signal) === 0
      void flush().then(() => {
        if (alone) process.kill(process.pid, signal)
      })
    }
    process.once(signal, onSignal)
  }
}

function sayOnce(text: string): void {
  try {
    process.stderr.write(`binnacle instrumentation: ${text}\n`)
  } catch {
    // Nobody reads; nothing more can be said.
  }
}
