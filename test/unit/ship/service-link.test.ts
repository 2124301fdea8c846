import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server as HttpServer, request as sendHttp } from 'node:http'
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https'
import { type AddressInfo, connect as connectTcp, type Socket } from 'node:net'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createPost, type PostOutcome } from '../../../collector/agent/ship/post.ts'
import { createServiceLink, type ServiceLinkConfig } from '../../../collector/agent/ship/service-link.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { type Certificate, createCertificate } from '../../support/certificate.ts'
import { createManualClock, type ManualClock } from '../../support/manual-clock.ts'
import { type TempDirectory, tempDirectory } from '../../support/processes.ts'

let directory: TempDirectory
let clock: ManualClock
const closers: (() => unknown)[] = []

beforeEach(() => {
  directory = tempDirectory('link')
  clock = createManualClock(Date.now())
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'])
    vi.stubEnv(name, undefined)
})
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
  directory.remove()
  vi.unstubAllEnvs()
})

const own = createCertificate('service')
const agent = createCertificate('agent')

interface TlsService {
  readonly url: string
  /** Whose certificate each request came with; '': none. */
  readonly peers: string[]
  readonly server: HttpsServer
}

async function listen<S extends HttpServer | HttpsServer>(server: S): Promise<number> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  closers.push(() => {
    server.closeAllConnections()
    return new Promise((done) => server.close(done))
  })
  return (server.address() as AddressInfo).port
}

async function startService({ certificate = own, clientCa = '' } = {}): Promise<TlsService> {
  const peers: string[] = []
  const server = createHttpsServer(
    {
      ...certificate,
      ...(clientCa === '' ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
    },
    (request, response) => {
      const { subject } = (request.socket as TLSSocket).getPeerCertificate()
      peers.push(String(subject?.CN ?? ''))
      request.resume().once('end', () => response.end())
    },
  )
  return { url: `https://localhost:${await listen(server)}`, peers, server }
}

function file(name: string, text: string): string {
  const path = join(directory.path, name)
  writeFileSync(path, text)
  return path
}

function link(endpoint: string, config: Partial<ServiceLinkConfig> = {}) {
  const made = createServiceLink(
    { clock, log: silentLog },
    {
      ...{
        endpoint,
        accessKey: '',
        accessKeyFile: '',
        proxyUrl: '',
        caFile: '',
        certFile: '',
        keyFile: '',
        insecureSkipVerify: false,
      },
      timeoutMs: 5_000,
      ...config,
    },
  )
  closers.push(() => made.close())
  const post = createPost(
    { ...made, headers: made.authorization, onSent: () => {} },
    { endpoint, timeoutMs: 5_000, compression: 'gzip' },
  )
  const body = { bytes: Buffer.from('batch'), compression: 'identity' } as const
  const send = () => post({ id: '1', signal: 'traces', body, resend: false }, new AbortController().signal)
  return { ...made, send }
}

const accepted: Partial<PostOutcome> = { type: 'accepted' }
const failed = (message: string): object => ({ type: 'retry', message: expect.stringContaining(message) })

describe('TLS to the service', () => {
  test('an authority of our own', async () => {
    const service = await startService()
    const { send } = link(service.url, { caFile: file('ca.pem', own.cert) })
    expect(await send()).toMatchObject(accepted)
  })

  const expired = createCertificate('service', { untilMs: Date.now() - 60_000 })
  const cases: readonly [string, Certificate, string, string][] = [
    [
      'an unknown authority',
      own,
      agent.cert,
      'signed by an authority that is not known here: set service.caFile',
    ],
    ['an expired certificate', expired, expired.cert, 'the certificate of the service has expired'],
  ]
  test.each(cases)('%s is said in words', async (_, certificate, ca, message) => {
    const service = await startService({ certificate })
    expect(await link(service.url, { caFile: file('ca.pem', ca) }).send()).toMatchObject(failed(message))
    expect(service.peers).toEqual([])
  })

  test('clear text at the other end is said in words', async () => {
    const port = await listen(createServer((_, response) => response.end()))
    expect(await link(`https://localhost:${port}`).send()).toMatchObject(failed('does not speak TLS'))
  })

  test('any certificate is taken only when that was asked for, and that is a warning', async () => {
    const service = await startService()
    const { send, warning } = link(service.url, { insecureSkipVerify: true })
    expect(await send()).toMatchObject(accepted)
    expect(warning()).toContain('service.insecureSkipVerify is set')
  })

  test("our own certificate is shown; without it the service's refusal is said in words", async () => {
    const service = await startService({ clientCa: agent.cert })
    const caFile = file('ca.pem', own.cert)
    expect(await link(service.url, { caFile }).send()).toMatchObject(
      failed('the service does not take the certificate of the agent, or asks for one'),
    )
    const keys = { certFile: file('cert.pem', agent.cert), keyFile: file('key.pem', agent.key) }
    expect(await link(service.url, { caFile, ...keys }).send()).toMatchObject(accepted)
    expect(service.peers).toEqual(['agent'])
  })

  test('a mounted Secret that is swapped: new connections have the new certificate and the new authority', async () => {
    const next = { service: createCertificate('service-2'), agent: createCertificate('agent-2') }
    const service = await startService({ clientCa: agent.cert + next.agent.cert })
    // As the kubelet mounts a Secret: files are links into `..data`, itself a link to a directory that is replaced.
    const mount = (version: string, ca: string, { cert, key }: Certificate) => {
      mkdirSync(join(directory.path, version))
      for (const [name, text] of Object.entries({ 'ca.crt': ca, 'tls.crt': cert, 'tls.key': key }))
        writeFileSync(join(directory.path, version, name), text)
      symlinkSync(version, join(directory.path, '..data.new'))
      renameSync(join(directory.path, '..data.new'), join(directory.path, '..data'))
    }
    mount('v1', own.cert, agent)
    for (const name of ['ca.crt', 'tls.crt', 'tls.key'])
      symlinkSync(join('..data', name), join(directory.path, name))
    const at = (name: string) => join(directory.path, name)
    const { send } = link(service.url, {
      caFile: at('ca.crt'),
      certFile: at('tls.crt'),
      keyFile: at('tls.key'),
    })
    expect(await send()).toMatchObject(accepted)
    service.server.setSecureContext({ ...next.service, ca: agent.cert + next.agent.cert })
    mount('v2', next.service.cert, next.agent)
    await clock.advance(1_500)
    expect(await send()).toMatchObject(accepted)
    expect(service.peers).toEqual(['agent', 'agent-2'])
  })

  test('files that do not fit together are not used until they do, and that is a warning', async () => {
    const service = await startService({ clientCa: agent.cert })
    const config = {
      caFile: file('ca.pem', own.cert),
      certFile: file('cert.pem', agent.cert),
      keyFile: file('key.pem', agent.key),
    }
    const { send, warning } = link(service.url, config)
    file('key.pem', own.key)
    await clock.advance(1_500)
    expect(await send()).toMatchObject(accepted)
    expect(warning()).toContain('cannot use the certificate')
    file('key.pem', agent.key)
    await clock.advance(1_500)
    expect(await send()).toMatchObject(accepted)
    expect(warning()).toBe('')
  })

  test('our own certificate that runs out is a warning', async () => {
    const old = createCertificate('agent', { untilMs: Date.now() + 30_000 })
    const config = { certFile: file('cert.pem', old.cert), keyFile: file('key.pem', old.key) }
    const { warning } = link('https://localhost:1', config)
    expect(warning()).toBe('')
    await clock.advance(60_000)
    expect(warning()).toContain(`the certificate ${config.certFile} has expired`)
  })

  test('files that cannot be used at the start are one clear sentence', () => {
    expect(() => link('https://localhost:1', { caFile: '/nowhere/ca.pem' })).toThrow(
      'cannot read /nowhere/ca.pem: ENOENT',
    )
    expect(() => link('https://localhost:1', { caFile: file('ca.pem', 'no certificate') })).toThrow(
      /^cannot read the certificate .*ca.pem/,
    )
  })
})

/** A proxy that tunnels (CONNECT) and forwards; each request it saw. */
async function startProxy({ user = '' } = {}): Promise<{ readonly port: number; readonly seen: string[] }> {
  const seen: string[] = []
  const may = (header: string | undefined) =>
    user === '' || header === `Basic ${Buffer.from(user).toString('base64')}`
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`)
    const onward = sendHttp(
      request.url ?? '',
      { method: request.method, headers: request.headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502)
        answer.pipe(response)
      },
    )
    request.pipe(onward)
  })
  server.on('connect', (request, socket: Socket) => {
    seen.push(`CONNECT ${request.url}`)
    if (!may(request.headers['proxy-authorization']))
      return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
    const far = connectTcp(Number(request.url?.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      far.pipe(socket).pipe(far)
    })
    for (const one of [far, socket]) one.on('error', () => {})
    closers.push(() => [far, socket].forEach((one) => void one.destroy()))
  })
  return { port: await listen(server), seen }
}

describe('a proxy on the way to the service', () => {
  test("HTTPS travels through a tunnel, with the credentials of the proxy's address", async () => {
    const [service, proxy] = [await startService(), await startProxy({ user: 'me:secret' })]
    const caFile = file('ca.pem', own.cert)
    const through = (user: string) =>
      link(service.url, { caFile, proxyUrl: `http://${user}@127.0.0.1:${proxy.port}` }).send()
    expect(await through('me:secret')).toMatchObject(accepted)
    expect(proxy.seen).toEqual([`CONNECT ${new URL(service.url).host}`])
    expect(await through('me:wrong')).toMatchObject(failed('407'))
  })

  test('clear text is forwarded', async () => {
    const port = await listen(
      createServer((request, response) => request.resume().once('end', () => response.end())),
    )
    const proxy = await startProxy()
    const endpoint = `http://localhost:${port}`
    expect(await link(endpoint, { proxyUrl: `http://127.0.0.1:${proxy.port}` }).send()).toMatchObject(
      accepted,
    )
    expect(proxy.seen).toEqual([`POST ${endpoint}/v1/traces`])
  })

  test('HTTPS_PROXY is taken from the environment, and NO_PROXY leaves it out', async () => {
    const [service, proxy] = [await startService(), await startProxy()]
    vi.stubEnv('HTTPS_PROXY', `http://127.0.0.1:${proxy.port}`)
    const caFile = file('ca.pem', own.cert)
    expect(await link(service.url, { caFile }).send()).toMatchObject(accepted)
    expect(proxy.seen).toHaveLength(1)
    vi.stubEnv('NO_PROXY', '.svc,localhost')
    expect(await link(service.url, { caFile }).send()).toMatchObject(accepted)
    expect(proxy.seen).toHaveLength(1)
    expect(service.peers).toHaveLength(2)
  })
})
