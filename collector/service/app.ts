import fastifyCompress from '@fastify/compress'
import fastifySwagger from '@fastify/swagger'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { type FastifyError, type FastifyInstance, fastify } from 'fastify'
import { errorText } from '../std/assert.ts'
import type { Log } from '../std/log.ts'
import type { SelfMetrics } from '../std/self-metrics.ts'
import { ApiProblem, toApiError } from './api/errors.ts'
import { type ApiConfig, registerApi } from './api/register.ts'
import type { ApiDeps } from './api/route-types.ts'
import { apiPrefix } from './api/schema/routes.ts'
import { registerWebUi } from './web-ui.ts'

export interface AppDeps extends ApiDeps {
  readonly log: Log
  readonly metrics: Pick<SelfMetrics, 'handle'>
  /** What keeps the service from being ready, as a sentence; '' when it is. */
  readonly notReady: () => Promise<string>
  /**
   * What does not work although screens do; else empty. Not a reason to be taken out of a Service: that would take the
   * screens away and heal nothing, and senders are told by the answers to their requests.
   */
  readonly restriction?: () => string
  /** Called before any route is added, so that its hooks see all of them. */
  readonly observe: (app: FastifyInstance) => void
  /** Adds the OTLP and OpAMP routes. */
  readonly registerIntake: (app: FastifyInstance) => void | Promise<void>
}

export interface AppConfig extends ApiConfig {
  /** The built web UI. */
  readonly uiDirectory: string
}

const jsonBodyBytesMax = 1024 ** 2
const closeConnectionsAfterMs = 60_000

/** The one HTTP port of the service: UI, API, OTLP and OpAMP, health and metrics. */
export async function createApp(deps: AppDeps, config: AppConfig): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    bodyLimit: jsonBodyBytesMax,
    routerOptions: { maxParamLength: 300 },
    requestTimeout: closeConnectionsAfterMs,
    // A closing service answers what it has begun; new requests on open connections get 503 and retry elsewhere.
    return503OnClosing: true,
    forceCloseConnections: 'idle',
    // Sums of weights are whole numbers but for the last bits of a float, which are not to cost a call.
    serializerOpts: { rounding: 'round' },
    ajv: { customOptions: { coerceTypes: true, removeAdditional: false, allErrors: false } },
  })
  deps.observe(app)
  app.addHook('onSend', async (_request, reply) => {
    reply.headers(securityHeaders)
  })
  app.setErrorHandler<FastifyError | ApiProblem>((error, request, reply) => {
    const answer = toApiError(describeError(error))
    if (answer.statusCode >= 500) {
      deps.log.warn(
        { path: request.url, code: answer.code, error: errorText(error) },
        'cannot answer a request',
      )
    }
    return reply.code(answer.statusCode).header('cache-control', 'no-store').send(answer)
  })
  await app.register(async (scope) => registerApiScope(scope, deps, config))
  await deps.registerIntake(app)
  registerHealth(app, deps)
  await registerWebUi(app, config.uiDirectory)
  return app
}

async function registerApiScope(scope: FastifyInstance, deps: AppDeps, config: AppConfig): Promise<void> {
  await scope.register(fastifyCompress, { global: true, globalDecompression: false, threshold: 1_024 })
  await scope.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Binnacle',
        version: config.version,
        description: 'Clusters, applications, traces and alerts.',
      },
    },
  })
  scope.addHook('onSend', async (request, reply) => {
    if (!reply.hasHeader('cache-control'))
      reply.header('cache-control', cacheControl(request.url, deps.nowMs()))
  })
  await scope.register(
    async (api) => registerApi(api.withTypeProvider<TypeBoxTypeProvider>(), deps, config),
    { prefix: apiPrefix },
  )
  scope.get('/openapi.json', { schema: { hide: true } }, async () => scope.swagger())
}

/** An absolute range that ended some time ago does not change any more, but for late data. */
function cacheControl(url: string, nowMs: number): string {
  const to = Number(new URLSearchParams(url.split('?')[1] ?? '').get('to') ?? Number.NaN)
  return to > 0 && to < nowMs - 15 * 60_000 ? 'private, max-age=60' : 'no-store'
}

function registerHealth(app: FastifyInstance, { notReady, restriction, metrics }: AppDeps): void {
  app.get('/livez', async (_request, reply) => reply.type('text/plain').send('ok\n'))
  app.get('/readyz', async (_request, reply) => {
    const problem = await notReady()
    return reply
      .code(problem === '' ? 200 : 503)
      .type('text/plain')
      .send(`${problem || okBut(restriction?.() ?? '')}\n`)
  })
  app.get('/metrics', (request, reply) => {
    reply.hijack()
    metrics.handle(request.raw, reply.raw)
  })
}

const okBut = (restriction: string) => (restriction === '' ? 'ok' : `ok, but ${restriction}`)

const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'x-frame-options': 'SAMEORIGIN',
  'content-security-policy':
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; object-src 'none'; base-uri 'self'; frame-ancestors 'self'",
}

function describeError(error: FastifyError | ApiProblem): Pick<ApiProblem, 'code' | 'message'> {
  if (error instanceof ApiProblem) return error
  if (error.validation) {
    const [first] = error.validation
    const name = first?.instancePath.slice(1) || String(first?.params['missingProperty'] ?? '')
    const part = error.validationContext === 'params' ? 'path' : 'parameter'
    return {
      code: 'bad-parameter',
      message: `cannot use the ${part} ${name}: it ${first?.message}; see /openapi.json`,
    }
  }
  if (error.statusCode !== undefined && error.statusCode < 500) {
    return { code: 'bad-parameter', message: `cannot read the request: ${error.message}` }
  }
  return {
    code: 'internal',
    message: 'cannot answer: an error of the service itself; its log has the details',
  }
}
