import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import * as record from '../../../collector/record/injection.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { issueAuthority, issueLeaf } from '../../../collector/webhook/certificates/issue.ts'
import { parseWebhookConfig } from '../../../collector/webhook/config.ts'
import { type RunningWebhook, startWebhook } from '../../../collector/webhook/main.ts'
import { entriesMax, openSwitchedOff } from '../../../collector/webhook/switched-off.ts'
import * as names from '../../../instrumentation/webhook/names.ts'
import { createManualClock } from '../../support/manual-clock.ts'
import { eventually } from '../../support/processes.ts'
import { type Answer, applied, podOf, reviewOf } from '../injection/support.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const dnsNames = ['hook.binnacle.svc']
const authority = issueAuthority(Date.now())
const leafOf = (by = authority) => issueLeaf(by, { dnsNames, nowMs: Date.now() })

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'binnacle-webhook-'))
  closers.push(() => rmSync(path, { recursive: true }))
  return path
}

interface Started extends RunningWebhook {
  readonly file: (name: string) => string
  /** Files are read again after two seconds. */
  reread(): Promise<void>
  ask(body: string | Buffer, options?: { ca?: string; path?: string; method?: string }): Promise<Answered>
  admin(path: string): Promise<{ status: number; text: string }>
}
interface Answered {
  readonly status: number
  readonly text: string
}

async function start(yaml = ''): Promise<Started> {
  const at = directory()
  const file = (name: string) => join(at, name)
  const leaf = leafOf()
  writeFileSync(file('tls.crt'), leaf.cert)
  writeFileSync(file('tls.key'), leaf.key)
  writeFileSync(file('webhook.yaml'), `image: {reference: "img:1"}\n${yaml}`)
  const read = () =>
    parseWebhookConfig({
      yaml: { text: readFileSync(file('webhook.yaml'), 'utf8'), name: 'webhook.yaml' },
      overrides: {
        'listen.host': '127.0.0.1',
        'listen.port': 0,
        'admin.port': 0,
        'certificates.mode': 'files',
        'certificates.certFile': file('tls.crt'),
        'certificates.keyFile': file('tls.key'),
        switchedOffFile: file('disabled.json'),
      },
    })
  const clock = createManualClock(Date.now())
  const deps = { version: '0.0.0', log: silentLog, clock, readConfig: read }
  const running = await startWebhook(read(), deps)
  closers.push(async () => {
    const closed = running.close()
    await clock.advance(0)
    await closed
  })
  return {
    ...running,
    file,
    reread: () => clock.advance(2_000),
    ask: (body, { ca = authority.cert, path = '/mutate', method = 'POST' } = {}) =>
      new Promise((resolve, reject) => {
        const sent = request(
          {
            host: '127.0.0.1',
            port: running.ports.https,
            path,
            method,
            ca,
            servername: dnsNames[0],
            agent: false,
          },
          async (response) => {
            let text = ''
            for await (const chunk of response) text += chunk
            resolve({ status: response.statusCode ?? 0, text })
          },
        )
        sent.once('error', reject)
        sent.end(body)
      }),
    async admin(path) {
      const response = await fetch(`http://127.0.0.1:${running.ports.admin}${path}`)
      return { status: response.status, text: await response.text() }
    },
  }
}

const review = (namespace = 'shop') => JSON.stringify(reviewOf(podOf(), { namespace }))
const saidOf = ({ text }: Answered) =>
  applied(podOf(), { answer: JSON.parse(text) as object }).metadata.annotations?.['binnacle.dev/injection']

describe('the webhook', () => {
  test('answers reviews over TLS, and counts them', async () => {
    const webhook = await start()
    expect(saidOf(await webhook.ask(review()))).toBe('injected: node')
    const { text } = await webhook.admin('/metrics')
    expect(text).toMatch(/binnacle_webhook_reviews_total\{result="injected",reason=""\} 1/)
    expect(text).toMatch(/binnacle_webhook_review_seconds_count\S* 1/)
    expect(Number(/binnacle_webhook_certificate_expiry_seconds (\d+)/.exec(text)?.[1])).toBeGreaterThan(3e7)
    expect(await webhook.admin('/readyz')).toEqual({ status: 200, text: 'ok\n' })
    expect((await webhook.admin('/livez')).status).toBe(200)
  })

  test('answers garbage, too', async () => {
    const webhook = await start()
    for (const body of ['', '{', '[]', JSON.stringify({ kind: 'AdmissionReview' })]) {
      const { status, text } = await webhook.ask(body)
      expect([status, (JSON.parse(text) as Answer).response.allowed]).toEqual([200, true])
    }
    expect((await webhook.admin('/metrics')).text).toMatch(/reviews_total\{result="unreadable",reason=""\} 4/)
  })

  test('refuses what does not fit, and serves on', async () => {
    const webhook = await start('listen: {bodyBytesMax: 4096}')
    expect((await webhook.ask(Buffer.alloc(4_097))).status).toBe(413)
    expect((await webhook.ask(Buffer.alloc(4_096))).status).toBe(200)
    expect((await webhook.ask(review(), { path: '/other' })).status).toBe(404)
    expect((await webhook.ask('', { method: 'GET' })).status).toBe(404)
    await expect(webhook.ask(review(), { ca: issueAuthority(Date.now()).cert })).rejects.toThrow()
    expect((await webhook.ask(review())).status).toBe(200)
    expect((await webhook.admin('/metrics')).text).toMatch(/refused_total\{reason="too-large"\} 1/)
  })

  test('refuses at once what is one too many', async () => {
    const webhook = await start('listen: {requestsMax: 1}')
    const slow = connectTls({
      host: '127.0.0.1',
      port: webhook.ports.https,
      ca: authority.cert,
      servername: dnsNames[0] ?? '',
    })
    closers.push(() => slow.destroy())
    slow.on('error', () => {})
    slow.write('POST /mutate HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n')
    await eventually('one is under way', async () =>
      /requests_in_flight 1/.test((await webhook.admin('/metrics')).text) ? true : undefined,
    )
    expect((await webhook.ask(review())).status).toBe(503)
    // Who does not send what he has announced is cut off, like who says nothing at all.
    const silent = connect(webhook.ports.https, '127.0.0.1')
    const cut = [slow, silent].map(
      (socket) => new Promise((resolve) => socket.resume().once('close', resolve)),
    )
    silent.on('error', () => {})
    await Promise.all(cut)
    expect((await webhook.ask(review())).status).toBe(200)
  })

  test('serves a new certificate to new connections, once its key fits', async () => {
    const webhook = await start()
    const other = issueAuthority(Date.now())
    const leaf = leafOf(other)
    writeFileSync(webhook.file('tls.crt'), leaf.cert)
    await webhook.reread()
    expect((await webhook.admin('/metrics')).text).toMatch(/problem\{part="certificate"\} 1/)
    expect((await webhook.ask(review())).status).toBe(200)
    writeFileSync(webhook.file('tls.key'), leaf.key)
    await webhook.reread()
    expect((await webhook.ask(review(), { ca: other.cert })).status).toBe(200)
    await expect(webhook.ask(review())).rejects.toThrow()
  })

  test('reads again what is switched off and what is injected', async () => {
    const webhook = await start()
    const says = async (namespace?: string) => {
      await webhook.reread()
      return saidOf(await webhook.ask(review(namespace)))
    }
    const off = [{ namespace: 'shop', kind: 'Deployment', name: 'cart', reason: 'it crashed', at: '' }]
    writeFileSync(webhook.file('disabled.json'), JSON.stringify(off))
    const skipped = 'skipped: switched off for Deployment cart: it crashed'
    expect(await says()).toBe(skipped)
    writeFileSync(webhook.file('disabled.json'), '{')
    writeFileSync(webhook.file('webhook.yaml'), 'image: {reference: "img:1"}\nlanguages: [env]')
    // What cannot be read leaves what was known.
    expect([await says(), await says('other')]).toEqual([skipped, 'injected: env'])
    writeFileSync(webhook.file('webhook.yaml'), 'languages: [cobol]')
    expect(await says('other')).toBe('injected: env')
    const { text } = await webhook.admin('/metrics')
    for (const part of ['configuration', 'switched-off']) expect(text).toContain(`problem{part="${part}"} 1`)
    rmSync(webhook.file('disabled.json'))
    expect(await says()).toBe('injected: env')
  })

  test('stops: not ready first, what is asked until then is answered', async () => {
    const webhook = await start('listen: {stopPauseMs: 5000}')
    const closed = webhook.close()
    expect((await webhook.admin('/readyz')).status).toBe(503)
    expect((await webhook.ask(review())).status).toBe(200)
    await webhook.reread()
    await webhook.reread()
    await webhook.reread()
    await closed
    await expect(webhook.ask(review())).rejects.toThrow('ECONNREFUSED')
  })
})

describe('its configuration', () => {
  test.each([
    { text: '', problem: 'image.reference must be set: the files come from that image' },
    {
      text: 'image: {reference: x}\ncertificates: {namespace: a, secret: b}',
      problem: 'certificates.service must be set when certificates.mode is self-managed',
    },
    { text: 'image: {reference: x}\nlanguage: [node]', problem: 'unknown key language' },
    {
      text: 'image: {reference: x}\nlanguages: [cobol]',
      problem: 'languages.0 is not what it takes',
    },
    {
      text: 'image: {reference: x}\nenv: {"A B": x}',
      problem: 'env has a name that is none of a variable: A B',
    },
    { text: 'image: {reference: x}\nenv: {A: 1}', problem: 'env.A must be string' },
    { text: 'image: {reference: x}\nendpoint: agent:4318', problem: 'endpoint must match' },
  ])('$problem', ({ text, problem }) => {
    expect(() => parseWebhookConfig({ yaml: { text, name: 'w.yaml' } })).toThrow(
      `cannot use the webhook configuration w.yaml: ${problem}`,
    )
  })

  test('variables alone need no image', () => {
    const text = 'languages: [env]\ncertificates: {mode: files}'
    expect(parseWebhookConfig({ yaml: { text, name: 'w.yaml' } }).languages).toEqual(['env'])
  })
})

describe('what is switched off', () => {
  const opened = (text: string) => {
    const path = join(directory(), 'disabled.json')
    writeFileSync(path, text)
    const file = openSwitchedOff(path)
    return [file.current().length, file.problem()]
  }
  const entry = { namespace: 'a', kind: 'Deployment', name: 'b', reason: 'c' }
  test.each([
    { name: 'empty', text: '', want: [0, ''] },
    { name: 'one', text: JSON.stringify([entry]), want: [1, ''] },
    {
      name: 'as many as may be',
      text: JSON.stringify(Array(entriesMax).fill({ ...entry, reason: '' })),
      want: [entriesMax, ''],
    },
    {
      name: 'one too many',
      text: JSON.stringify(Array(entriesMax + 1).fill({ ...entry, reason: '' })),
      want: [0, 'it has more than 10000 entries'],
    },
    { name: 'no list', text: '{}', want: [0, 'it is no list'] },
    { name: 'no entry', text: '[null]', want: [0, 'entry 0 lacks namespace, kind or name'] },
  ])('$name', ({ text, want }) => {
    const [count, problem] = opened(text)
    expect(count).toBe(want[0])
    expect(String(problem)).toContain(String(want[1]))
    expect(problem === '').toBe(want[1] === '')
  })
  test('no file: none', () => expect(openSwitchedOff('/nowhere/disabled.json').problem()).toBe(''))
})

test('agent and webhook call things by the same names', () => {
  const { injectLabel, injectedLabel, injectionAnnotation, deliveryName, mountPath } = names
  expect([injectLabel, injectedLabel, injectionAnnotation, deliveryName, `${mountPath}/`]).toEqual([
    record.injectLabel,
    record.injectedLabel,
    record.injectionAnnotation,
    record.injectionContainer,
    record.injectionPath,
  ])
})
