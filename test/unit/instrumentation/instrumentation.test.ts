import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { parse } from 'acorn'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createCertificate } from '../../support/certificate.ts'
import { type OtlpSink, startOtlpSink } from '../../support/otlp-sink.ts'
import { freePort, root, tempDirectory } from '../../support/processes.ts'
import {
  apps,
  buildWhenMissing,
  byImport,
  byRequire,
  jsonTo,
  run,
  spansOf,
  startJsonSink,
} from './support.ts'

const server = 2
const client = 3
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})
beforeAll(buildWhenMissing)

async function sinkOf(start: () => Promise<OtlpSink> = startJsonSink): Promise<OtlpSink> {
  const sink = await start()
  closers.push(() => sink.close())
  return sink
}

describe('instrumentation', () => {
  test.each([
    { app: 'one-request.mjs', preload: byImport },
    { app: 'one-request.cjs', preload: byImport },
    { app: 'one-request.cjs', preload: byRequire },
    { app: 'one-request.mjs', preload: byRequire },
    { app: 'one-request.mjs', preload: [...byImport, ...byImport, ...byRequire] },
  ])(
    'sends both halves of a request once, before the process ends ($preload $app)',
    async ({ app, preload }) => {
      const sink = await sinkOf()
      const { code, stdout, stderr } = await run(app, {
        preload,
        env: { ...jsonTo(sink.url), EXIT_CODE: '3' },
      })
      expect({ code, stdout, stderr }).toEqual({ code: 3, stdout: '{"worked":true}\n', stderr: '' })
      const spans = spansOf(sink)
      expect(spans.map(({ kind }) => kind).sort()).toEqual([server, client])
      expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1)
    },
  )

  test('speaks protobuf over HTTP when nothing else is asked for', async () => {
    const sink = await sinkOf(startOtlpSink)
    const { stderr } = await run('one-request.mjs', {
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
        OTEL_EXPORTER_OTLP_HEADERS: 'x-key=abc',
        OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      },
    })
    expect(stderr).toBe('')
    expect(sink.requests.map(({ path, headers }) => ({ path, ...headers }))).toEqual([
      expect.objectContaining({
        path: '/v1/traces',
        'content-type': 'application/x-protobuf',
        'content-encoding': 'gzip',
        'x-key': 'abc',
      }),
    ])
  })

  test('trusts the certificate that the environment names', async () => {
    const { cert, key } = createCertificate()
    const { path, remove } = tempDirectory('certificates')
    closers.push(remove)
    writeFileSync(join(path, 'ca.pem'), cert)
    const paths: (string | undefined)[] = []
    const receiver = createHttpsServer({ cert, key }, (request, response) => {
      paths.push(request.url)
      request.resume().once('end', () => response.end())
    })
    await new Promise<void>((listening) => receiver.listen(0, '127.0.0.1', listening))
    closers.push(() => receiver.close())
    const { stderr } = await run('one-request.cjs', {
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: `https://127.0.0.1:${(receiver.address() as AddressInfo).port}`,
        OTEL_EXPORTER_OTLP_CERTIFICATE: join(path, 'ca.pem'),
      },
    })
    expect({ stderr, paths }).toEqual({ stderr: '', paths: ['/v1/traces'] })
  })

  test('speaks gRPC when it is asked to', async () => {
    const bodies: Buffer[] = []
    const receiver = createHttp2Server().on('stream', (stream: ServerHttp2Stream) => {
      stream.on('data', (chunk: Buffer) => bodies.push(chunk))
      stream.once('end', () => {
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
        stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
        stream.end(Buffer.alloc(5))
      })
    })
    await new Promise<void>((listening) => receiver.listen(0, '127.0.0.1', listening))
    closers.push(() => receiver.close())
    const { stderr } = await run('one-request.cjs', {
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
        OTEL_SERVICE_NAME: 'by-grpc',
      },
    })
    expect(stderr).toBe('')
    expect(Buffer.concat(bodies).toString('latin1')).toContain('by-grpc')
  })

  test('instruments a client that is imported as an ECMAScript module', async () => {
    const sink = await sinkOf()
    const port = await freePort()
    const { stdout } = await run('database.mjs', {
      env: { ...jsonTo(sink.url), DATABASE_PORT: String(port) },
    })
    expect(stdout).toBe('ECONNREFUSED\n')
    expect(spansOf(sink).map(({ scope, name }) => [scope, name])).toEqual([
      ['@opentelemetry/instrumentation-pg', 'pg.connect'],
    ])
  })

  const fromDownwardApi = {
    'k8s.pod.uid': 'uid-1',
    'k8s.pod.name': 'a-1',
    'k8s.namespace.name': 'shop',
    'k8s.node.name': 'node-a',
    'service.name': 'tested',
  }
  test.each([
    {
      names: 'plain names',
      env: { POD_UID: 'uid-1', POD_NAME: 'a-1', POD_NAMESPACE: 'shop', NODE_NAME: 'node-a' },
      want: { ...fromDownwardApi, 'service.instance.id': 'shop.a-1' },
    },
    {
      names: "the operator's names",
      env: {
        OTEL_RESOURCE_ATTRIBUTES_POD_UID: 'uid-1',
        OTEL_RESOURCE_ATTRIBUTES_POD_NAME: 'a-1',
        OTEL_RESOURCE_ATTRIBUTES_NODE_NAME: 'node-a',
        K8S_NAMESPACE_NAME: 'shop',
        K8S_CONTAINER_NAME: 'main',
      },
      want: { ...fromDownwardApi, 'k8s.container.name': 'main', 'service.instance.id': 'shop.a-1.main' },
    },
    {
      names: 'OTEL_RESOURCE_ATTRIBUTES, which wins',
      env: {
        POD_NAME: 'a-1',
        OTEL_RESOURCE_ATTRIBUTES: 'k8s.pod.name=b-2,service.instance.id=x,service.version=v2',
      },
      want: { 'k8s.pod.name': 'b-2', 'service.instance.id': 'x', 'service.version': 'v2' },
    },
  ])('tells where it runs: $names', async ({ env, want }) => {
    const sink = await sinkOf()
    await run('one-request.cjs', { env: { ...jsonTo(sink.url), ...env } })
    expect(spansOf(sink)[0]?.resource).toMatchObject(want)
  })

  test.each([{ OTEL_SDK_DISABLED: 'true' }, { OTEL_TRACES_EXPORTER: 'none' }])(
    'does nothing when it is switched off by %j',
    async (env) => {
      const sink = await sinkOf()
      const { code, stdout, stderr } = await run('one-request.mjs', { env: { ...jsonTo(sink.url), ...env } })
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '{"worked":true}\n', stderr: '' })
      expect(sink.requests).toEqual([])
    },
  )

  test('leaves the environment as it was, also for worker threads', async () => {
    const sink = await sinkOf()
    const { code, stdout, stderr } = await run('one-request.mjs', {
      env: { ...jsonTo(sink.url), WORKER: '1' },
    })
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: 'worker undefined\n{"worked":true}\n',
      stderr: '',
    })
    expect(spansOf(sink)).toHaveLength(2)
  })

  test('follows into worker threads and child processes, where `fetch` is all that they load', async () => {
    const sink = await sinkOf()
    const port = await freePort()
    const { stdout, stderr } = await run('children.cjs', {
      preload: [],
      env: {
        ...jsonTo(sink.url),
        PORT: String(port),
        NODE_OPTIONS: `--require ${join(root, 'instrumentation/dist/register.cjs')}`,
      },
    })
    expect({ stdout, stderr }).toEqual({ stdout: 'worker\nchild\n', stderr: '' })
    expect(spansOf(sink).map(({ attributes }) => attributes['url.full'])).toEqual(
      ['worker', 'child'].map((path) => `http://127.0.0.1:${port}/${path}`),
    )
  })

  test('loads the SDK only when there is something to instrument', async () => {
    const { stdout, stderr } = await run('quiet.cjs', { preload: byRequire })
    expect({ stdout, stderr }).toEqual({ stdout: 'register.cjs hooks.cjs\n', stderr: '' })
  })

  test.each(['npm-cli.js', 'npx', 'yarn-4.9.2.cjs', 'pnpm.cjs', 'corepack.js'])(
    'does nothing in a package manager (%s)',
    async (name) => {
      const { path, remove } = tempDirectory('tools')
      closers.push(remove)
      symlinkSync(join(apps, 'quiet.cjs'), join(path, name))
      const { stdout } = await run(join(path, name), { preload: byRequire })
      expect(stdout).toBe('register.cjs\n')
    },
  )

  test('names requests by the routes of Fastify and Express', async () => {
    const sink = await sinkOf()
    const { stderr } = await run('routes.mjs', { env: jsonTo(sink.url) })
    expect(stderr).toBe('')
    const spans = spansOf(sink)
    expect(spans.filter(({ kind }) => kind === server).map(({ name }) => name)).toEqual([
      'GET /carts/:id',
      'POST /carts/:id/items',
      'GET /users/:id',
    ])
    // A caller and a server for each request; none for Express's middleware.
    expect(spans).toHaveLength(6)
  })

  test.each([{}, { HTTP_FIRST: '1' }])(
    'makes room for an SDK that the application starts itself (%j)',
    async (env) => {
      const sink = await sinkOf()
      const { code, stdout, stderr } = await run('own-sdk.cjs', { env: { ...jsonTo(sink.url), ...env } })
      expect({ code, stdout }).toEqual({ code: 0, stdout: 'inner outer\n' })
      expect(stderr).toBe(
        'binnacle instrumentation: the application loads @opentelemetry/sdk-node, which traces it: this instrumentation leaves it alone\n',
      )
      expect(sink.requests).toEqual([])
    },
  )

  test('writes no file: it works where nothing may be written', async () => {
    const sink = await sinkOf()
    const { code, stderr } = await run('one-request.cjs', {
      preload: [
        '--disable-warning=ExperimentalWarning',
        '--permission',
        '--allow-fs-read=*',
        '--allow-net',
        ...byRequire,
      ],
      env: jsonTo(sink.url),
    })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(spansOf(sink)).toHaveLength(2)
  })

  test.each([
    { what: 'samples', env: { OTEL_TRACES_SAMPLER: 'always_off' }, want: [] },
    {
      what: 'leaves out an instrumentation',
      env: { OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'http' },
      want: [],
    },
    {
      what: 'takes only some instrumentations',
      env: { OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'undici,pg' },
      want: [],
    },
    {
      what: 'limits attributes',
      env: { OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '1' },
      want: ['GET', 'GET'],
    },
  ])('$what as the environment says', async ({ env, want }) => {
    const sink = await sinkOf()
    const { code, stderr } = await run('one-request.cjs', { env: { ...jsonTo(sink.url), ...env } })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(spansOf(sink).map(({ name }) => name)).toEqual(want)
  })

  test('propagates as OTEL_PROPAGATORS says, and speaks the stable semantic conventions', async () => {
    const sink = await sinkOf()
    const { stdout } = await run('headers.cjs', {
      env: { ...jsonTo(sink.url), OTEL_PROPAGATORS: 'b3' },
    })
    expect(stdout).toBe('b3\n')
    const keys = spansOf(sink).flatMap(({ attributes }) => Object.keys(attributes))
    expect(keys).toEqual(expect.arrayContaining(['url.path', 'http.request.method']))
  })

  test('tells of the run time when OTEL_METRICS_EXPORTER asks for metrics, and not before', async () => {
    const sink = await sinkOf()
    await run('one-request.cjs', { env: jsonTo(sink.url) })
    expect(sink.requests.map(({ path }) => path)).toEqual(['/v1/traces'])
    await run('one-request.cjs', { env: { ...jsonTo(sink.url), OTEL_METRICS_EXPORTER: 'otlp' } })
    const metrics = sink.requests.find(({ path }) => path === '/v1/metrics')
    const names = [...String(metrics?.body).matchAll(/"name":"([a-z0-9_.]+)"/g)].map(([, name]) => name)
    expect(names).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^nodejs\.eventloop\./),
        'v8js.memory.heap.used',
        'http.server.request.duration',
      ]),
    )
  })

  test.each([
    { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'no url', OTEL_TRACES_SAMPLER: 'nonsense' },
    { OTEL_TRACES_EXPORTER: 'carrier-pigeon' },
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'morse', OTEL_BSP_MAX_QUEUE_SIZE: 'many' },
    { OTEL_RESOURCE_ATTRIBUTES: '%%%=,,x', OTEL_PROPAGATORS: 'pigeon' },
    { OTEL_EXPORTER_OTLP_CERTIFICATE: '/nowhere.pem', OTEL_NODE_RESOURCE_DETECTORS: 'nonsense' },
  ])('lets the application run with a broken environment (%j)', async (env) => {
    const sink = await sinkOf()
    const { code, stdout, stderr, tookMs } = await run('one-request.mjs', {
      env: { ...jsonTo(sink.url), ...env },
    })
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('"worked":true') })
    expect(stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(5)
    for (const line of stderr.trimEnd().split('\n')) expect(line).toMatch(/^$|^binnacle instrumentation: /)
    expect(tookMs).toBeLessThan(8_000)
  })

  test('is ECMAScript 5 as far as old Nodes read it', () => {
    const text = readFileSync(join(root, 'instrumentation/dist/register.cjs'), 'utf8')
    expect(() => parse(text, { ecmaVersion: 5 })).not.toThrow()
  })
})

describe('instrumentation and a receiver that is not well', () => {
  const receivers = [
    { name: 'refuses connections', start: async () => ({ port: await freePort(), close: () => {} }) },
    { name: 'never answers', start: startSilentServer },
  ]
  test.each(
    receivers.flatMap((receiver) => ['http/protobuf', 'grpc'].map((protocol) => ({ ...receiver, protocol }))),
  )('delays the end by two seconds at the most when it $name ($protocol)', async ({ start, protocol }) => {
    const { port, close } = await start()
    closers.push(close)
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    }
    const healthy = await run('one-request.mjs', { env: { OTEL_SDK_DISABLED: 'true' } })
    const { code, stdout, stderr, tookMs } = await run('one-request.mjs', { env })
    expect({ code, stdout }).toEqual({ code: 0, stdout: '{"worked":true}\n' })
    expect(stderr).toMatch(/^(binnacle instrumentation: .*\n){1,2}$/)
    // Start-up of the SDK comes on top: some 300 ms, more on a loaded machine.
    expect(tookMs - healthy.tookMs).toBeLessThan(2_000 + 1_500)
  })

  test('delivers what a restarting agent could not take', async () => {
    const sink = await sinkOf()
    let refused = 0
    sink.answer = () => {
      if (refused >= 3) return { status: 200, headers: { 'content-type': 'application/json' }, body: '{}' }
      refused++
      return { status: 503 }
    }
    const delivered: Promise<unknown>[] = []
    const { stdout } = await run('signals.mjs', {
      env: { ...jsonTo(sink.url), OTEL_BSP_SCHEDULE_DELAY: '100' },
      onOutput: (_text, kill) => {
        // Three refusals, then the one that is taken.
        if (delivered.length === 0) delivered.push(sink.until(4).then(() => kill('SIGTERM')))
      },
    })
    expect(stdout).toBe('ready\n')
    const [body] = sink.requests.map((request) => request.body.toString()).slice(-1)
    expect(sink.requests.filter((request) => request.body.toString() === body)).toHaveLength(4)
  })
})

describe('instrumentation and signals', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'ends by %s as the process would have, after sending',
    async (signal) => {
      const sink = await sinkOf()
      const result = await run('signals.mjs', { env: jsonTo(sink.url), signal })
      expect(result).toMatchObject({ code: null, signal, stderr: '' })
      expect(spansOf(sink)).toHaveLength(2)
    },
  )

  test('ends within two seconds when nothing can be sent', async () => {
    const silent = await startSilentServer()
    closers.push(silent.close)
    let signalledMs = 0
    const result = await run('signals.mjs', {
      env: jsonTo(`http://127.0.0.1:${silent.port}`),
      signal: 'SIGTERM',
      onOutput: () => {
        signalledMs = performance.now()
      },
    })
    expect(result.signal).toBe('SIGTERM')
    expect(performance.now() - signalledMs).toBeLessThan(2_000 + 500)
  })

  test('does not disturb a library that ends the process when nobody else listens', async () => {
    const sink = await sinkOf()
    const result = await run('signals.mjs', {
      env: { ...jsonTo(sink.url), MODE: 'counting' },
      signal: 'SIGTERM',
    })
    expect(result).toMatchObject({ code: null, signal: 'SIGTERM' })
    expect(spansOf(sink)).toHaveLength(2)
  })

  test('leaves a graceful end to the application, and sends before it', async () => {
    const sink = await sinkOf()
    const result = await run('signals.mjs', {
      env: { ...jsonTo(sink.url), MODE: 'graceful' },
      signal: 'SIGTERM',
    })
    expect(result).toMatchObject({ code: 7, stdout: 'ready\ndraining\n', stderr: '' })
    expect(spansOf(sink)).toHaveLength(2)
  })

  test('does not end an application that ignores the signal', async () => {
    const sink = await sinkOf()
    let asked = 0
    const result = await run('signals.mjs', {
      env: { ...jsonTo(sink.url), MODE: 'ignoring' },
      onOutput: (stdout, kill) => {
        const ignored = stdout.split('ignored').length - 1
        if (ignored >= 2) kill('SIGKILL')
        else if (stdout.includes('ready') && asked++ <= ignored) kill('SIGTERM')
      },
    })
    expect(result).toMatchObject({ signal: 'SIGKILL', stdout: 'ready\nignored\nignored\n' })
  })
})

/** Takes connections and says nothing, as a half-dead node does. */
function startSilentServer(): Promise<{ port: number; close: () => void }> {
  const sockets = new Set<{ destroy(): void }>()
  const silent = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
  })
  return new Promise((resolve) => {
    silent.listen(0, '127.0.0.1', () => {
      const address = silent.address()
      resolve({
        port: address !== null && typeof address === 'object' ? address.port : 0,
        close: () => {
          for (const socket of sockets) socket.destroy()
          silent.close()
        },
      })
    })
  })
}
