import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type OtlpSink, startOtlpSink } from '../../support/otlp-sink.ts'
import { root, startNode } from '../../support/processes.ts'

export interface RunResult {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  readonly tookMs: number
}

export interface RunOptions {
  readonly node?: string
  readonly preload?: readonly string[]
  readonly env?: Record<string, string>
  /** Sent when the program has said `ready`. */
  readonly signal?: NodeJS.Signals
  /** Called after each piece of standard output. */
  readonly onOutput?: (stdout: string, kill: (signal: NodeJS.Signals) => void) => void
}

export const apps = join(import.meta.dirname, 'apps')
export const byImport = ['--import', '@binnacle/instrumentation']
export const byRequire = ['--require', '@binnacle/instrumentation']

/** `npm test` builds the package before; alone, the test does it once. */
export async function buildWhenMissing(): Promise<void> {
  const built = existsSync(join(root, 'instrumentation/dist/core.cjs'))
  if (!built) await startNode(['instrumentation/node/build.ts']).exited
}

/** Runs an application of `apps` to its end, instrumented, with nothing of this process's environment but the path. */
export function run(
  app: string,
  { node, preload = byImport, env = {}, signal, onOutput }: RunOptions,
): Promise<RunResult> {
  const startedMs = performance.now()
  const child = spawn(node ?? process.execPath, [...preload, resolve(apps, app)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', ...env },
  })
  let stdout = ''
  let stderr = ''
  let signalled = false
  child.stderr.on('data', (chunk) => {
    stderr += String(chunk)
  })
  child.stdout.on('data', (chunk) => {
    stdout += String(chunk)
    onOutput?.(stdout, (name) => child.kill(name))
    if (signal && !signalled && stdout.includes('ready')) {
      signalled = true
      child.kill(signal)
    }
  })
  const deadline = setTimeout(() => child.kill('SIGKILL'), 20_000)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, endSignal) => {
      clearTimeout(deadline)
      resolve({ code, signal: endSignal, stdout, stderr, tookMs: performance.now() - startedMs })
    })
  })
}

interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue?: string }
}
interface JsonTraces {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] }
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string }
      readonly spans: readonly {
        readonly name: string
        readonly kind: number
        readonly traceId: string
        readonly attributes: readonly Attribute[]
      }[]
    }[]
  }[]
}

export interface ReceivedSpan {
  readonly scope: string
  readonly name: string
  readonly kind: number
  readonly traceId: string
  readonly attributes: Readonly<Record<string, string | undefined>>
  readonly resource: Readonly<Record<string, string | undefined>>
}

const recordOf = (attributes: readonly Attribute[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]))

/** The spans of the requests that came as OTLP/JSON. */
export function spansOf(sink: OtlpSink): ReceivedSpan[] {
  return sink.requests
    .filter(({ path }) => path === '/v1/traces')
    .flatMap(({ body }) => (JSON.parse(body.toString()) as JsonTraces).resourceSpans)
    .flatMap(({ resource, scopeSpans }) =>
      scopeSpans.flatMap(({ scope, spans }) =>
        spans.map(({ name, kind, traceId, attributes }) => ({
          scope: scope.name,
          name,
          kind,
          traceId,
          attributes: recordOf(attributes),
          resource: recordOf(resource.attributes),
        })),
      ),
    )
}

export async function startJsonSink(): Promise<OtlpSink> {
  const sink = await startOtlpSink()
  sink.answer = () => ({ status: 200, headers: { 'content-type': 'application/json' }, body: '{}' })
  return sink
}

export const jsonTo = (url: string): Record<string, string> => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: url,
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  OTEL_SERVICE_NAME: 'tested',
})
