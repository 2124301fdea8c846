import { afterEach, describe, expect, test } from 'vitest'
import { type CrashOutcome, createCrashCapture } from '../../../collector/agent/crash/crash-capture.ts'
import { redactSecrets } from '../../../collector/agent/crash/redact.ts'
import type { CrashRecord, KubeRecord, ObjectChange, ObjectState } from '../../../collector/record/kube.ts'
import type { KubeError, PodLogRequest } from '../../../collector/record/kube-api.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { createManualClock } from '../../support/manual-clock.ts'

const restart = (over: Partial<ObjectChange> = {}): KubeRecord => ({
  type: 'change',
  record: {
    ...{ id: 'uid-web-1:restart:web:3', kind: 'Pod', namespace: 'shop', name: 'web-1', uid: 'uid-web-1' },
    ...{
      workloadKind: 'Deployment',
      workloadName: 'web',
      timeMs: 1_000,
      change: 'restart',
      from: '',
      to: '',
    },
    ...{ previousDurationMs: 0, container: 'web', exitCode: 1, reason: 'Error', message: '', image: 'web:1' },
    ...{ version: '1', replicas: 0 },
    ...over,
  },
})
const restartOf = (index: number) =>
  restart({ id: `uid-${index}:restart:web:1`, name: `web-${index}`, uid: `uid-${index}` })

const denied: KubeError = { type: 'error', status: 403, reason: 'Forbidden', message: 'no' }
const errorOf = (status: number): KubeError => ({ ...denied, status })

let stop = new AbortController()
afterEach(() => {
  stop.abort()
  stop = new AbortController()
})

function setUp(
  answer: (request: PodLogRequest) => string | KubeError,
  config: { lines?: number; bytesMax?: number } = {},
) {
  const clock = createManualClock()
  const asked: PodLogRequest[] = []
  const crashes: CrashRecord[] = []
  const outcomes: CrashOutcome[] = []
  const selected = new Set(['shop'])
  const capture = createCrashCapture(
    {
      clock,
      log: silentLog,
      client: {
        async podLog(request) {
          asked.push(request)
          const found = answer(request)
          return typeof found === 'string' ? { type: 'text', text: found } : found
        },
      },
      isSelected: (namespace) => selected.has(namespace),
      emit: (record) => {
        if (record.type === 'crash') crashes.push(record.record)
      },
      onOutcome: (outcome) => outcomes.push(outcome),
    },
    { lines: 50, bytesMax: 100, ...config },
  )
  void capture.run(stop.signal)
  return { clock, asked, crashes, outcomes, selected, capture }
}

describe('crash capture', () => {
  test('after a restart reads the last lines of the previous instance', async () => {
    const { capture, clock, asked, crashes, outcomes } = setUp(() => 'one\ntwo\n')
    capture.see(restart())
    await clock.advance(1)
    expect(asked).toEqual([
      { namespace: 'shop', pod: 'web-1', container: 'web', previous: true, tailLines: 50, limitBytes: 800 },
    ])
    expect(crashes).toEqual([
      {
        ...{ id: 'uid-web-1:restart:web:3', namespace: 'shop', podName: 'web-1', podUid: 'uid-web-1' },
        ...{ container: 'web', workloadKind: 'Deployment', workloadName: 'web', version: '1', timeMs: 1_000 },
        ...{
          exitCode: 1,
          reason: 'Error',
          lines: 'one\ntwo',
          truncated: false,
          observedAtMs: clock.nowMs() - 1,
        },
      },
    ])
    expect(outcomes).toEqual(['captured'])
  })

  test('of a pod that failed for good it reads the present instance of the containers that failed', async () => {
    const { capture, clock, asked, crashes } = setUp(() => 'lost')
    const container = (name: string, exitCode: number) => ({
      name,
      state: 'terminated',
      exitCode,
      reason: 'Error',
    })
    const pod = {
      ...{ kind: 'Pod', phase: 'Failed', deleted: false, namespace: 'shop', name: 'job-1', uid: 'uid-job-1' },
      ...{ workloadKind: 'Job', workloadName: 'job', version: '', observedAtMs: 5 },
      containers: [container('main', 2), container('helper', 0)],
    }
    // Only what is read of it is here.
    capture.see({ type: 'object', record: pod as unknown as ObjectState })
    await clock.advance(1)
    expect(asked.map(({ container: name, previous }) => [name, previous])).toEqual([['main', false]])
    expect(crashes).toMatchObject([{ id: 'uid-job-1:failed:main', exitCode: 2, lines: 'lost' }])
  })

  test('a container is read once a minute, whatever it does', async () => {
    const { capture, clock, asked, outcomes } = setUp(() => 'x')
    capture.see(restart())
    await clock.advance(30_000)
    capture.see(restart({ id: 'again' }))
    await clock.advance(30_000)
    capture.see(restart({ id: 'later' }))
    await clock.advance(1_000)
    expect(asked).toHaveLength(2)
    expect(outcomes).toEqual(['captured', 'limited', 'captured'])
  })

  test('64 crashes wait, the oldest of more goes; requests go out one after another', async () => {
    const { capture, clock, asked, outcomes } = setUp(() => 'x')
    await clock.advance(1)
    for (let index = 0; index < 66; index++) capture.see(restartOf(index))
    expect(outcomes).toEqual(['queue-full', 'queue-full'])
    await clock.advance(1_000)
    expect(asked.map(({ pod }) => pod)).toEqual(['web-2', 'web-3', 'web-4', 'web-5', 'web-6', 'web-7'])
    await clock.advance(60_000)
    expect(asked).toHaveLength(64)
  })

  test.each([
    [400, 'none', 'ok'],
    [404, 'gone', 'ok'],
    [500, 'failed', 'failing'],
    [403, 'denied', 'denied'],
  ])('an answer %i is "%s" and the state "%s"', async (status, outcome, state) => {
    const { capture, clock, crashes, outcomes } = setUp(() => errorOf(status))
    capture.see(restart())
    await clock.advance(1)
    expect([outcomes, capture.status().state, crashes]).toEqual([[outcome], state, []])
  })

  test('without the right it says what to do and leaves the namespace alone for five minutes', async () => {
    let answer: string | KubeError = denied
    const { capture, clock, asked, outcomes } = setUp(() => answer)
    capture.see(restartOf(1))
    capture.see(restartOf(2))
    await clock.advance(1_000)
    capture.see(restartOf(3))
    expect(capture.status().message).toContain('may not read pods/log')
    expect([asked.length, outcomes]).toEqual([1, ['denied', 'denied', 'denied']])
    answer = 'granted'
    await clock.advance(300_000)
    capture.see(restartOf(4))
    await clock.advance(1_000)
    expect(capture.status()).toEqual({ state: 'ok', message: '' })
  })

  test('nothing leaves of a namespace that opted out while its crash waited or was read', async () => {
    const { capture, clock, asked, crashes, selected } = setUp(() => {
      selected.delete('shop')
      return 'private'
    })
    capture.see(restartOf(1))
    capture.see(restartOf(2))
    await clock.advance(1_000)
    expect([asked.length, crashes]).toEqual([1, []])
  })

  test('keeps the newest whole lines within the bytes, and the end of a line that is longer', async () => {
    const long = Array.from({ length: 20 }, (_, index) => `line ${index} ${'x'.repeat(20)}`).join('\n')
    const { capture, clock, crashes } = setUp(({ pod }) => (pod === 'web-1' ? long : 'é'.repeat(80)))
    capture.see(restartOf(1))
    capture.see(restartOf(2))
    await clock.advance(1_000)
    expect(
      crashes.map(({ lines, truncated }) => [lines.split('\n').map((one) => one.slice(0, 7)), truncated]),
    ).toEqual([
      [['line 17', 'line 18', 'line 19'], true],
      [['ééééééé'], true],
    ])
    expect(Buffer.byteLength(crashes[1]?.lines ?? '')).toBeLessThanOrEqual(100)
  })

  test('lines so long that the server cuts the newest are asked for again, fewer of them', async () => {
    const { capture, clock, asked, crashes } = setUp(({ tailLines }) =>
      tailLines === 50 ? 'y'.repeat(800) : 'the end',
    )
    capture.see(restart())
    await clock.advance(1)
    expect(asked.map(({ tailLines }) => tailLines)).toEqual([50, 7])
    expect(crashes).toMatchObject([{ lines: 'the end' }])
  })
})

describe('redactSecrets', () => {
  test.each([
    ['DB_PASSWORD=hunter2 port=5432', 'DB_PASSWORD=[redacted] port=5432'],
    ['{"apiKey": "abc def", "user": "eva"}', '{"apiKey": [redacted], "user": "eva"}'],
    ["token: 'a1b2'", 'token: [redacted]'],
    ['postgres://shop:s3cr3t@db:5432/shop', 'postgres://shop:[redacted]@db:5432/shop'],
    ['Authorization: Bearer abcdef.123456', 'Authorization: Bearer [redacted]'],
    ['got eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.c2lnbmF0dXJl back', 'got [redacted] back'],
    ['key AKIAIOSFODNN7EXAMPLE', 'key [redacted]'],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc=\n-----END RSA PRIVATE KEY-----\nnext', '[redacted]\nnext'],
    ['ghp_abcdefghijklmnop leaked', '[redacted] leaked'],
    // What is no secret stays.
    ['cannot open /var/run/secrets/token: no such file', 'cannot open /var/run/secrets/token: no such file'],
    ['GET https://shop.test/path?a=1 200', 'GET https://shop.test/path?a=1 200'],
    ['Error: connect ECONNREFUSED 10.0.0.1:5432', 'Error: connect ECONNREFUSED 10.0.0.1:5432'],
    ['tokens used 5', 'tokens used 5'],
  ])('%s', (text, want) => {
    expect(redactSecrets(text)).toBe(want)
  })

  test('takes time that grows with the text only', () => {
    const hard = [
      `${'password'.repeat(3_000)}`,
      `a://${'a'.repeat(16_000)}`,
      `-----BEGIN PRIVATE KEY-----${'a'.repeat(16_000)}`,
    ]
    const startedMs = performance.now()
    for (const text of hard) redactSecrets(text)
    expect(performance.now() - startedMs).toBeLessThan(1_000)
  })
})
