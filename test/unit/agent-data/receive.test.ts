import { describe, expect, test } from 'vitest'
import {
  createOtlpHandler,
  type KeepOutcome,
  type KeptPart,
  type ReceiveConfig,
  type RequestSeen,
  type ResourcePart,
} from '../../../collector/agent/receive/handler.ts'
import { createLatePods } from '../../../collector/agent/receive/late-pods.ts'
import type { KnownPod, PodHints } from '../../../collector/record/pod-identity.ts'
import { createManualClock } from '../../support/manual-clock.ts'

const web: KnownPod = {
  uid: 'uid-1',
  name: 'web-7d9f-abcde',
  namespace: 'shop',
  node: 'node-1',
  workloadKind: 'Deployment',
  workloadName: 'web',
  version: 'v2',
  container: 'main',
  labels: { 'app.kubernetes.io/name': 'web-app' },
  resourceAttributes: {},
}

/** A resource of a request: what it says, and how many spans it carries. */
function resource(attributes: Record<string, string>, items = 1): ResourcePart {
  return {
    attribute: (key) => attributes[key],
    items,
    encode: (added) => [Buffer.from(JSON.stringify({ ...attributes, ...Object.fromEntries(added) }))],
  }
}

function start(
  resources: ResourcePart[] | Error,
  config: Partial<ReceiveConfig & { uid: string; podsKnown: boolean; holdMs: number }> = {},
) {
  const kept: KeptPart[] = []
  const seen: RequestSeen[] = []
  const hints: PodHints[] = []
  const spool = { outcome: { type: 'kept', droppedItems: 0 } as KeepOutcome }
  const clock = createManualClock()
  const known = new Map<string, KnownPod>()
  const handler = createOtlpHandler(
    {
      clock,
      latePods: createLatePods(clock, { holdMs: config.holdMs ?? 0 }),
      pods: {
        find: (one) => {
          hints.push(one)
          if (one.podUid === web.uid || one.peerAddress === '10.0.0.1') return web
          return known.get(one.podUid ?? '') ?? known.get(one.peerAddress ?? '')
        },
      },
      decide: (namespace) =>
        namespace === 'shop' || namespace === 'pay'
          ? { selected: true, reason: 'label' }
          : { selected: false, reason: 'default off' },
      clusterUid: () => config.uid ?? 'c1',
      podsKnown: () => config.podsKnown ?? true,
      split: () => {
        if (resources instanceof Error) throw resources
        return resources
      },
      keep: async ({ parts }) => {
        if (spool.outcome.type === 'kept') kept.push(...parts)
        return spool.outcome
      },
      onRequest: (one) => seen.push(one),
    },
    { unknownNamespace: 'refuse', clusterName: 'demo', serviceNameFromLabels: false, ...config },
  )
  const send = (peerAddress = '10.9.9.9', body: Uint8Array = Buffer.alloc(0)) =>
    handler({
      signal: 'traces',
      encoding: 'protobuf',
      body,
      peerAddress,
      batchId: '',
      resend: false,
    })
  const attributes = () =>
    kept.map(({ pieces }) => JSON.parse(Buffer.concat(pieces).toString()) as Record<string, string>)
  return { send, kept, seen, hints, spool, attributes, clock, known }
}

describe('receiving telemetry of applications', () => {
  test('the memory of a body is free when it is answered, but not that of one that is to come again', async () => {
    const { send, spool } = start([resource({ 'k8s.pod.uid': 'uid-1' })])
    const [kept, failed] = [new Uint8Array(65_536), new Uint8Array(65_536)]
    await send('10.9.9.9', kept)
    expect(kept.length).toBe(0)
    spool.outcome = { type: 'failed', message: 'disk full', failedItems: 1 }
    await send('10.9.9.9', failed)
    expect(failed.length).toBe(65_536)
  })

  test('a known pod is enriched with everything it does not say itself', async () => {
    const { send, attributes, kept } = start([resource({ 'k8s.pod.uid': 'uid-1' }, 3)])
    expect(await send()).toEqual({ type: 'accepted', rejected: 0, message: '' })
    expect(kept[0]).toMatchObject({ namespace: 'shop', items: 3 })
    expect(attributes()).toEqual([
      {
        'k8s.cluster.uid': 'c1',
        'k8s.cluster.name': 'demo',
        'k8s.namespace.name': 'shop',
        'k8s.pod.name': 'web-7d9f-abcde',
        'k8s.pod.uid': 'uid-1',
        'k8s.node.name': 'node-1',
        'k8s.container.name': 'main',
        'k8s.deployment.name': 'web',
        'service.name': 'web',
        'service.version': 'v2',
        'service.instance.id': 'shop.web-7d9f-abcde.main',
      },
    ])
  })

  test.each<[string, Partial<KnownPod>, Record<string, string>, boolean, Record<string, string>]>([
    ['the workload', {}, {}, false, { 'service.name': 'web', 'service.version': 'v2' }],
    ['a label, where that is wanted', {}, {}, true, { 'service.name': 'web-app' }],
    [
      'the instance before the name',
      { labels: { 'app.kubernetes.io/instance': 'web-eu', 'app.kubernetes.io/name': 'web-app' } },
      {},
      true,
      { 'service.name': 'web-eu' },
    ],
    [
      'an annotation before all of them',
      { resourceAttributes: { 'service.name': 'shop-web', 'service.version': '7', team: 'blue' } },
      {},
      true,
      { 'service.name': 'shop-web', 'service.version': '7', team: 'blue' },
    ],
    [
      'not an annotation that claims to be another pod',
      { resourceAttributes: { 'k8s.pod.name': 'other' } },
      {},
      false,
      { 'k8s.pod.name': 'web-7d9f-abcde' },
    ],
    ['the SDK before everything', {}, { 'service.name': 'mine' }, true, { 'service.name': 'mine' }],
    [
      'not the name an SDK makes up',
      {},
      { 'service.name': 'unknown_service:node' },
      false,
      { 'service.name': 'web' },
    ],
    ['not its short form', {}, { 'service.name': 'unknown_service' }, false, { 'service.name': 'web' }],
    [
      'a name that only begins so',
      {},
      { 'service.name': 'unknown_service_desk' },
      false,
      { 'service.name': 'unknown_service_desk' },
    ],
    ['no instance where containers are several', { container: '' }, {}, false, { 'service.name': 'web' }],
  ])('the service is named by %s', async (_, pod, said, serviceNameFromLabels, want) => {
    const { send, attributes, known } = start([resource({ 'k8s.pod.uid': 'uid-2', ...said })], {
      serviceNameFromLabels,
    })
    known.set('uid-2', { ...web, uid: 'uid-2', ...pod })
    await send()
    expect(attributes()[0]).toMatchObject(want)
    expect('service.instance.id' in (attributes()[0] ?? {})).toBe(pod.container !== '')
  })

  test.each<[string, Record<string, string>, string, Record<string, string | undefined>]>([
    [
      'another pod, which we do not know',
      { 'k8s.pod.uid': 'uid-9' },
      'shop',
      { 'k8s.pod.uid': 'uid-9', 'k8s.pod.name': undefined, 'network.peer.address': '10.0.0.1' },
    ],
    [
      'another pod by name',
      { 'k8s.pod.name': 'db-0' },
      'shop',
      { 'k8s.pod.name': 'db-0', 'k8s.pod.uid': undefined },
    ],
    [
      'a pod of another selected namespace',
      { 'k8s.namespace.name': 'pay' },
      'pay',
      { 'k8s.pod.uid': undefined },
    ],
  ])('a forwarder that speaks for %s is not taken for it', async (_, said, namespace, want) => {
    const { send, attributes, kept } = start([resource(said)])
    await send('10.0.0.1')
    expect(kept.map((part) => part.namespace)).toEqual([namespace])
    expect(attributes()[0]).toMatchObject(
      Object.fromEntries(
        Object.entries({ 'k8s.namespace.name': namespace, ...want }).filter(([, one]) => one),
      ),
    )
    for (const [key, value] of Object.entries(want)) expect(attributes()[0]?.[key]).toBe(value)
  })

  test('a forwarder of a selected namespace carries in nothing of one that is not, nor the other way round', async () => {
    const { send, kept, known } = start([resource({ 'k8s.namespace.name': 'secret' })])
    expect(await send('10.0.0.1')).toMatchObject({ rejected: 1, message: expect.stringContaining('secret') })
    known.set('10.0.0.2', { ...web, uid: 'uid-3', namespace: 'hidden' })
    const claims = start([resource({ 'k8s.namespace.name': 'pay' })])
    claims.known.set('10.0.0.2', { ...web, uid: 'uid-3', namespace: 'hidden' })
    expect(await claims.send('10.0.0.2')).toMatchObject({ rejected: 1 })
    expect([...kept, ...claims.kept]).toEqual([])
  })

  test('what the sender says stays, but for the cluster', async () => {
    const said = { 'k8s.pod.uid': 'uid-1', 'service.version': 'v9', 'k8s.cluster.uid': 'forged' }
    const { send, attributes } = start([resource(said)])
    await send()
    expect(attributes()[0]).toMatchObject({ 'service.version': 'v9', 'k8s.cluster.uid': 'c1' })
  })

  test('every hint of the resource and the connection is handed to the pod index', async () => {
    const said = {
      'k8s.pod.uid': 'u',
      'container.id': 'c',
      'k8s.namespace.name': 'shop',
      'k8s.pod.name': 'p',
      'k8s.pod.ip': '10.0.0.2',
      'host.name': 'h',
    }
    const { send, hints } = start([resource(said)])
    await send('10.0.0.1')
    expect(hints).toEqual([
      {
        podUid: 'u',
        containerId: 'c',
        namespace: 'shop',
        podName: 'p',
        podIp: '10.0.0.2',
        hostName: 'h',
        peerAddress: '10.0.0.1',
      },
    ])
  })

  test.each<[string, Record<string, string>, string, Partial<ReceiveConfig>, string]>([
    ['the peer address of a known pod', {}, '10.0.0.1', {}, 'shop'],
    ['the resource of an unknown pod', { 'k8s.namespace.name': 'pay' }, '10.9.9.9', {}, 'pay'],
    ['nothing, where that is allowed', {}, '10.9.9.9', { unknownNamespace: 'accept' }, ''],
  ])('%s decides the namespace', async (_, said, peer, config, namespace) => {
    const { send, kept } = start([resource(said)], config)
    await send(peer)
    expect(kept.map((part) => part.namespace)).toEqual([namespace])
  })

  test.each([
    [
      'a namespace that is not selected',
      { 'k8s.namespace.name': 'secret' },
      'secret',
      'namespace secret is not collected: default off',
    ],
    [
      'an unknown namespace',
      { 'service.name': 'x' },
      '',
      'the namespace of x at 10.9.9.9 is not known: set the resource attribute k8s.namespace.name or k8s.pod.uid',
    ],
  ])('%s is refused with its reason, and never kept', async (_, said, namespace, message) => {
    const { send, kept, seen } = start([resource(said, 4)])
    expect(await send()).toEqual({ type: 'accepted', rejected: 4, message })
    expect(kept).toEqual([])
    expect(seen).toEqual([
      {
        signal: 'traces',
        result: 'partial',
        received: 4,
        failed: 0,
        refused: new Map([[namespace, 4]]),
        held: undefined,
      },
    ])
  })

  test('each resource of a request is judged for itself', async () => {
    const { send, kept, seen } = start([
      resource({ 'k8s.namespace.name': 'pay' }, 2),
      resource({ 'k8s.namespace.name': 'secret' }, 5),
      resource({ 'k8s.pod.uid': 'uid-1' }, 3),
      resource({}, 0),
    ])
    expect(await send()).toMatchObject({ type: 'accepted', rejected: 5 })
    expect(kept.map(({ namespace, items }) => [namespace, items])).toEqual([
      ['pay', 2],
      ['shop', 3],
    ])
    expect(seen[0]).toMatchObject({ received: 10, failed: 0 })
  })

  test('8.1/8 an undecodable body is invalid', async () => {
    const { send, seen } = start(new Error('cannot read the request: cut off'))
    expect(await send()).toEqual({ type: 'invalid', message: 'cannot read the request: cut off' })
    expect(seen[0]?.result).toBe('invalid')
  })

  test('8.1/6 an empty request is a success', async () => {
    expect(await start([]).send()).toEqual({ type: 'accepted', rejected: 0, message: '' })
  })

  test('what cannot be kept comes again', async () => {
    const { send, spool, seen } = start([resource({ 'k8s.namespace.name': 'pay' }, 2)])
    spool.outcome = { type: 'failed', message: 'ENOSPC', failedItems: 2 }
    expect(await send()).toMatchObject({ type: 'retry', status: 503, message: 'ENOSPC' })
    expect(seen[0]).toMatchObject({ result: 'retry', received: 2, failed: 2 })
  })

  test('before the pods are read, what cannot be placed comes again; the rest is decided', async () => {
    const { send, seen } = start([resource({ 'k8s.namespace.name': 'pay' }), resource({})], {
      podsKnown: false,
    })
    expect(await send()).toMatchObject({ type: 'retry', status: 503 })
    expect(seen[0]).toMatchObject({ result: 'retry', received: 0 })
    const placed = start([resource({ 'k8s.namespace.name': 'secret' })], { podsKnown: false })
    expect(await placed.send()).toMatchObject({ type: 'accepted', rejected: 1 })
  })

  test('before the cluster is known everything comes again', async () => {
    const { send, kept } = start([resource({ 'k8s.namespace.name': 'pay' })], { uid: '' })
    expect(await send()).toMatchObject({ type: 'retry', status: 503 })
    expect(kept).toEqual([])
  })
})

describe('a pod that sends before it is known', () => {
  const holdMs = 1_000
  const early = (said: Record<string, string> = {}) => start([resource(said, 2)], { holdMs })

  test.each([
    ['its address', {}, '10.0.7.7'],
    ['its uid', { 'k8s.pod.uid': 'uid-7' }, 'uid-7'],
  ])('is waited for, and its first request enriched, by %s', async (_, said, key) => {
    const { send, attributes, clock, known, seen } = early(said)
    const answer = send('10.0.7.7')
    await clock.advance(300)
    expect(attributes()).toEqual([])
    known.set(key, { ...web, uid: 'uid-7' })
    await clock.advance(50)
    expect(await answer).toEqual({ type: 'accepted', rejected: 0, message: '' })
    expect(attributes()).toMatchObject([{ 'k8s.pod.uid': 'uid-7', 'k8s.deployment.name': 'web' }])
    expect(attributes()[0]).not.toHaveProperty('network.peer.address')
    expect(seen).toMatchObject([{ received: 2, held: 'known' }])
  })

  test('of which nothing tells the namespace comes again while it may be ours, and is refused after that', async () => {
    const { send, clock, kept } = early()
    const outcomes: string[] = []
    for (let atMs = 0; atMs < 5 * holdMs; atMs += 2 * holdMs) {
      const answer = send('10.0.7.7')
      await clock.advance(holdMs)
      outcomes.push((await answer).type)
      await clock.advance(holdMs)
    }
    expect(outcomes).toEqual(['retry', 'retry', 'accepted'])
    expect(await send('10.0.7.7')).toMatchObject({ type: 'accepted', rejected: 2 })
    expect(kept).toEqual([])
  })

  test('whose resource tells a selected namespace is kept after the wait, with the address it came from', async () => {
    const { send, clock, attributes, seen } = early({ 'k8s.namespace.name': 'pay' })
    const answer = send('10.0.7.7')
    await clock.advance(holdMs)
    expect(await answer).toMatchObject({ type: 'accepted', rejected: 0 })
    expect(attributes()).toMatchObject([{ 'k8s.namespace.name': 'pay', 'network.peer.address': '10.0.7.7' }])
    expect(seen).toMatchObject([{ held: 'unknown' }])
  })

  test('in a namespace that is not selected is refused at once', async () => {
    const { send } = early({ 'k8s.namespace.name': 'secret' })
    expect(await send('10.0.7.7')).toMatchObject({ type: 'accepted', rejected: 2 })
  })

  test('cannot be waited for by a loopback address', async () => {
    expect(await early().send('127.0.0.6')).toMatchObject({ type: 'accepted', rejected: 2 })
  })

  test('a stranger is not held again, until nothing was heard of its address for a minute', async () => {
    const { send, clock, known, attributes } = early({ 'k8s.namespace.name': 'pay' })
    for (let round = 0; round < 4; round++) {
      const answer = send('10.0.7.7')
      await clock.advance(holdMs)
      await answer
    }
    await send('10.0.7.7')
    expect(attributes()).toHaveLength(5)
    await clock.advance(60_000)
    const answer = send('10.0.7.7')
    known.set('10.0.7.7', { ...web, uid: 'uid-8', namespace: 'pay' })
    await clock.advance(50)
    await answer
    expect(attributes()[5]).toMatchObject({ 'k8s.pod.uid': 'uid-8' })
  })

  test('beyond the limits a request comes again instead of being held', async () => {
    const clock = createManualClock()
    const late = createLatePods(clock, { holdMs, heldMax: 2, heldBytesMax: 100, strangersMax: 1 })
    const first = late.hold(60, () => false)
    expect(await late.hold(60, () => true)).toBe('no-room')
    const second = late.hold(40, () => false)
    expect(await late.hold(0, () => true)).toBe('no-room')
    expect(late.held()).toBe(2)
    await clock.advance(holdMs)
    expect([await first, await second]).toEqual(['unknown', 'unknown'])
    expect(late.held()).toBe(0)
    // The one that was seen longest ago is forgotten, and counts as new.
    expect(late.mayCome('a')).toBe(true)
    await clock.advance(4 * holdMs)
    expect(late.mayCome('a')).toBe(false)
    late.mayCome('b')
    expect(late.mayCome('a')).toBe(true)
  })
})
