import { X509Certificate } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { createKubeClient } from '../../../collector/kube/client.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { issueAuthority, issueLeaf, type KeyPair } from '../../../collector/webhook/certificates/issue.ts'
import { certificatesIn, renewed, type Shared } from '../../../collector/webhook/certificates/renewal.ts'
import { createSelfManaged } from '../../../collector/webhook/certificates/self-managed.ts'
import { type FakeKubeApi, startFakeKubeApi } from '../../support/kube-api/server.ts'
import { createManualClock, type ManualClock } from '../../support/manual-clock.ts'

const dayMs = 86_400_000
const startMs = Date.UTC(2026, 0, 1)
const dnsNames = ['hook.binnacle.svc']
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** `first` until nothing is done any more, each time with what it says trusted. */
const settled = (nowMs: number, first?: Shared): Shared => {
  const next = renewed(first, { dnsNames, nowMs, trusted: first?.bundle ?? '' })
  return next === first ? next : settled(nowMs, next)
}
const daysLeft = (pem: string, nowMs: number) =>
  Math.round((Date.parse(new X509Certificate(pem).validTo) - nowMs) / dayMs)
const isServed = ({ bundle, leaf }: Shared, nowMs: number) => {
  const certificate = new X509Certificate(leaf.cert)
  return (
    certificatesIn(bundle).some((one) => certificate.verify(one.publicKey)) &&
    Date.parse(certificate.validTo) > nowMs &&
    certificate.checkHost(dnsNames[0] ?? '') !== undefined
  )
}

describe('what is issued', () => {
  const authority = issueAuthority(startMs)
  const leaf = issueLeaf(authority, { dnsNames, nowMs: startMs })
  test('an authority of ten years, that may sign servers alone', () => {
    const certificate = new X509Certificate(authority.cert)
    expect([certificate.ca, certificate.verify(certificate.publicKey)]).toEqual([true, true])
    expect(daysLeft(authority.cert, startMs)).toBe(3_650)
  })
  test('a certificate of a year for its names, valid from an hour ago', () => {
    const certificate = new X509Certificate(leaf.cert)
    expect(certificate.checkIssued(new X509Certificate(authority.cert))).toBe(true)
    expect([certificate.ca, certificate.subjectAltName, certificate.keyUsage]).toEqual([
      false,
      'DNS:hook.binnacle.svc',
      ['1.3.6.1.5.5.7.3.1'],
    ])
    expect(Date.parse(certificate.validFrom)).toBe(startMs - 3_600_000)
    expect(daysLeft(leaf.cert, startMs)).toBe(365)
  })
})

describe('renewal', () => {
  const first = settled(startMs)
  const at = (days: number, shared = first, trusted = shared.bundle) =>
    renewed(shared, { dnsNames, nowMs: startMs + days * dayMs, trusted })

  test('nothing is done for as long as 90 days are left', () => {
    expect(at(274)).toBe(first)
    expect(at(276).leaf.cert).not.toBe(first.leaf.cert)
    expect(at(276).bundle).toBe(first.bundle)
  })

  test('an authority is renewed before it is outlived, and trusted beside the old one before it signs', () => {
    // A certificate of its own age, so that the authority alone is due.
    const old = settled(startMs + 3_000 * dayMs, first)
    const both = at(3_200, old)
    expect(certificatesIn(both.bundle)).toHaveLength(2)
    expect(both.leaf).toBe(old.leaf)
    // Not trusted yet: the certificate stays.
    expect(at(3_200, both, old.bundle)).toBe(both)
    const served = at(3_200, both)
    expect(served.bundle).toBe(both.bundle)
    const [newest] = certificatesIn(served.bundle)
    if (!newest) throw new Error('no authority')
    expect(new X509Certificate(served.leaf.cert).verify(newest.publicKey)).toBe(true)
    // The old one goes when it has expired, with the next certificate.
    expect(certificatesIn(settled(startMs + 3_700 * dayMs, served).bundle)).toHaveLength(1)
  })

  test('for forty years, looked at every month, something valid is served that has been trusted before', () => {
    let shared = first
    let trusted = first.bundle
    for (let days = 0; days < 14_600; days += 30) {
      const nowMs = startMs + days * dayMs
      shared = renewed(shared, { dnsNames, nowMs, trusted })
      expect([days, isServed({ ...shared, bundle: trusted }, nowMs)]).toEqual([days, true])
      expect(certificatesIn(shared.bundle).length).toBeLessThanOrEqual(2)
      trusted = shared.bundle
    }
  })

  const stranger: KeyPair = issueLeaf(issueAuthority(startMs), { dnsNames, nowMs: startMs })
  test.each([
    { name: 'nothing', shared: undefined },
    { name: 'garbage', shared: { bundle: 'x', authorityKey: 'y', leaf: { cert: '', key: '' } } },
    { name: 'a key that is not the authority’s', shared: { ...first, authorityKey: first.leaf.key } },
    { name: 'no certificate', shared: { ...first, leaf: { cert: '', key: '' } } },
    { name: 'a certificate of somebody else', shared: { ...first, leaf: stranger } },
    {
      name: 'a key of another certificate',
      shared: { ...first, leaf: { ...first.leaf, key: stranger.key } },
    },
    {
      name: 'other names',
      shared: {
        ...first,
        leaf: issueLeaf(
          { cert: certificatesIn(first.bundle).map(String)[0] ?? '', key: first.authorityKey },
          { dnsNames: ['other'], nowMs: startMs },
        ),
      },
    },
  ])('what cannot be served is made anew at once: $name', ({ shared }) => {
    const now = renewed(shared, { dnsNames, nowMs: startMs, trusted: '' })
    expect(isServed(now, startMs)).toBe(true)
  })
})

interface Replica {
  readonly managed: ReturnType<typeof createSelfManaged>
  readonly changes: KeyPair[]
  round(): Promise<void>
}

async function startCluster(): Promise<{ api: FakeKubeApi; clock: ManualClock; replica: () => Replica }> {
  const api = await startFakeKubeApi()
  closers.push(() => api.close())
  const clock = createManualClock(startMs)
  api.create('Namespace', { metadata: { name: 'binnacle' } })
  api.create('Secret', { metadata: { name: 'hook', namespace: 'binnacle' }, type: 'Opaque' })
  api.create('MutatingWebhookConfiguration', {
    metadata: { name: 'hook' },
    webhooks: [{ name: 'pods.injection.binnacle.dev', clientConfig: { service: { name: 'hook' } } }],
  })
  const { signal } = new AbortController()
  const replica = (): Replica => {
    const client = createKubeClient(
      { access: { server: api.url, tls: {}, headers: async () => ({}) }, log: silentLog },
      {},
    )
    closers.push(() => client.close())
    const changes: KeyPair[] = []
    const managed = createSelfManaged(
      { client, clock, log: silentLog, random: () => 0.5, onChange: (pair) => changes.push(pair) },
      { namespace: 'binnacle', secret: 'hook', service: 'hook', configuration: 'hook' },
    )
    return { managed, changes, round: () => managed.round(signal) }
  }
  return { api, clock, replica }
}

const bundleOf = (api: FakeKubeApi) => {
  const object = api.get('MutatingWebhookConfiguration', { name: 'hook' })
  const [webhook] = (object?.['webhooks'] ?? []) as { clientConfig: { caBundle?: string } }[]
  return Buffer.from(webhook?.clientConfig.caBundle ?? '', 'base64').toString()
}

describe('two replicas', () => {
  test('that start at the same time serve the same certificate, which the configuration trusts', async () => {
    const { api, replica } = await startCluster()
    const both = [replica(), replica()]
    await Promise.all(both.map((one) => one.round()))
    // Who came second may have been told of a conflict in the middle, and looks again.
    await Promise.all(both.map((one) => one.round()))
    const [a, b] = both.map(({ managed }) => managed.current()?.cert)
    expect(a).toBe(b)
    expect(both.map(({ managed }) => managed.problem())).toEqual(['', ''])
    const [authority] = certificatesIn(bundleOf(api))
    expect(authority && new X509Certificate(a ?? '').verify(authority.publicKey)).toBe(true)
  })

  test('renew over ten years without a moment in which what one of them serves is not trusted', async () => {
    const { api, clock, replica } = await startCluster()
    const both = [replica(), replica()]
    await Promise.all(both.map((one) => one.round()))
    const check = () => {
      for (const { managed } of both) {
        const leaf = new X509Certificate(managed.current()?.cert ?? '')
        expect(certificatesIn(bundleOf(api)).some((one) => leaf.verify(one.publicKey))).toBe(true)
        expect(Date.parse(leaf.validTo)).toBeGreaterThan(clock.nowMs())
      }
    }
    for (let month = 0; month < 62; month++) {
      await clock.advance(60 * dayMs)
      // One after the other, the other way round each month: one is a round behind.
      for (const one of month % 2 === 0 ? both : both.toReversed()) {
        await one.round()
        check()
      }
    }
    expect(both.map(({ changes }) => changes.length > 10)).toEqual([true, true])
    expect(certificatesIn(bundleOf(api)).length).toBeGreaterThan(0)
  })

  test('put the caBundle back that somebody has taken away', async () => {
    const { api, clock, replica } = await startCluster()
    const one = replica()
    const stop = new AbortController()
    const running = one.managed.run(stop.signal)
    await expect.poll(() => bundleOf(api)).not.toBe('')
    const bundle = bundleOf(api)
    api.patch(
      'MutatingWebhookConfiguration',
      { name: 'hook' },
      { webhooks: [{ name: 'x', clientConfig: {} }] },
    )
    await expect.poll(() => clock.sleepers()).toBe(1)
    await clock.advance(66_001)
    await expect.poll(() => bundleOf(api)).toBe(bundle)
    expect(one.changes).toHaveLength(1)
    stop.abort()
    await running
  })

  test('go on serving what they have while the API server is away, and say what is wrong', async () => {
    const { api, replica } = await startCluster()
    const one = replica()
    await one.round()
    api.faults.fail({ match: /secrets/, status: 403 })
    await one.round()
    expect(one.managed.current()).toBeDefined()
    expect(one.managed.problem()).toBe('cannot read the Secret binnacle/hook: fault 403')
    api.faults.heal()
    await one.round()
    expect(one.managed.problem()).toBe('')
  })
})
