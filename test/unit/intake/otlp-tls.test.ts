import { writeFileSync } from 'node:fs'
import { connect as connectHttp2 } from 'node:http2'
import { request } from 'node:https'
import { join } from 'node:path'
import { Client, credentials, Metadata } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTlsFiles } from '../../../collector/std/tls-files.ts'
import { createCertificate } from '../../support/certificate.ts'
import { createManualClock } from '../../support/manual-clock.ts'
import { type TempDirectory, tempDirectory } from '../../support/processes.ts'
import { type Listener, startListener } from './listener-harness.ts'

const own = createCertificate('agent')
const next = createCertificate('agent-2')
const app = createCertificate('app')
const clock = createManualClock(Date.now())

let directory: TempDirectory
let listener: Listener

const at = (name: string) => join(directory.path, name)
const put = (name: string, text: string) => writeFileSync(at(name), text)

beforeEach(() => {
  directory = tempDirectory('otlp-tls')
  put('tls.crt', own.cert)
  put('tls.key', own.key)
})
afterEach(async () => {
  await listener.close()
  directory.remove()
})

async function start({ clientCa = '' } = {}): Promise<void> {
  if (clientCa !== '') put('ca.crt', clientCa)
  const caFile = clientCa === '' ? '' : at('ca.crt')
  listener = await startListener({
    tls: openTlsFiles({ certFile: at('tls.crt'), keyFile: at('tls.key'), caFile }, clock),
  })
}

interface Sender {
  readonly ca: string
  readonly cert?: string
  readonly key?: string
}

/** What an application sends with: each resolves when its request was taken. */
const ways: Readonly<Record<string, (sender: Sender) => Promise<unknown>>> = {
  'HTTP/1.1': (sender) =>
    new Promise((done, fail) => {
      const headers = { 'content-type': 'application/x-protobuf' }
      const address = { host: '127.0.0.1', port: listener.port, path: '/v1/traces', method: 'POST' }
      request({ ...address, ...sender, headers, agent: false }, (response) => {
        response
          .resume()
          .once('end', () => (response.statusCode === 200 ? done(200) : fail(response.statusCode)))
      })
        .once('error', fail)
        .end()
    }),
  'HTTP/2': (sender) =>
    new Promise((done, fail) => {
      const session = connectHttp2(`https://127.0.0.1:${listener.port}`, { ...sender })
      session.once('error', fail)
      // TLS 1.3 refuses a client's certificate after the client's side of the handshake: its connection just ends.
      session.once('close', () => fail(new Error('closed')))
      const headers = { ':method': 'POST', ':path': '/v1/traces', 'content-type': 'application/x-protobuf' }
      const stream = session.request(headers)
      stream.once('error', fail)
      stream.once('response', (answer) => {
        session.close()
        if (answer[':status'] === 200) done(200)
        else fail(answer[':status'])
      })
      stream.end()
    }),
  gRPC: ({ ca, cert, key }) =>
    new Promise((done, fail) => {
      const bytes = (pem: string | undefined) => (pem === undefined ? null : Buffer.from(pem))
      const client = new Client(
        `127.0.0.1:${listener.port}`,
        credentials.createSsl(Buffer.from(ca), bytes(key), bytes(cert)),
        { 'grpc.use_local_subchannel_pool': 1, 'grpc.ssl_target_name_override': 'localhost' },
      )
      const raw = (message: Buffer) => message
      const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'
      const options = { deadline: Date.now() + 5_000 }
      client.makeUnaryRequest(path, raw, raw, Buffer.alloc(0), new Metadata(), options, (error) => {
        client.close()
        if (error) fail(error)
        else done(200)
      })
    }),
}

describe.each(Object.entries(ways))('OTLP over TLS: %s', (_, send) => {
  test('is taken, and only by who trusts the certificate', async () => {
    await start()
    await expect(send({ ca: own.cert })).resolves.toBe(200)
    await expect(send({ ca: next.cert })).rejects.toBeDefined()
    expect(listener.requests).toHaveLength(1)
  })

  test('a certificate that is replaced is shown to new connections', async () => {
    await start()
    put('tls.crt', next.cert)
    put('tls.key', next.key)
    await clock.advance(1_500)
    await expect(send({ ca: next.cert })).resolves.toBe(200)
    await expect(send({ ca: own.cert })).rejects.toBeDefined()
  })

  test('with an authority for applications, who shows no certificate of it is not let in', async () => {
    await start({ clientCa: app.cert })
    await expect(send({ ca: own.cert, cert: app.cert, key: app.key })).resolves.toBe(200)
    await expect(send({ ca: own.cert })).rejects.toBeDefined()
    await expect(send({ ca: own.cert, cert: next.cert, key: next.key })).rejects.toBeDefined()
    expect(listener.requests).toHaveLength(1)
  })
})
