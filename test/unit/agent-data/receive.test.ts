import { describe, expect, test } from 'vitest'
import {
  createOtlpHandler,
  type KeepOutcome,
  type KeptPart,
  type ReceiveConfig,
  type RequestSeen,
  type ResourcePart,
} from '../../../collector/agent/receive/handler.ts'
import type { PodHints, PodIdentity } from '../../../collector/record/pod-identity.ts'
import { createManualClock } from '../../support/manual-clock.ts'

const web: PodIdentity = {
  uid: 'uid-1',
  name: 'web-7d9f-abcde',
  namespace: 'shop',
  node: 'node-1',
  workloadKind: 'Deployment',
  workloadName: 'web',
  version: 'v2',
}

/** A resource of a request: what it says, and how many spans it carries. */
function resource(attributes: Record<string, string>, items = 1): ResourcePart {
  return {
    attribute: (key) => attributes[key],
    items,
    encode: ({ ifAbsent, forced }) =>
      Buffer.from(
        JSON.stringify({ ...Object.fromEntries(ifAbsent), ...attributes, ...Object.fromEntries(forced) }),
      ),
  }
}

function start(
  resources: ResourcePart[] | Error,
  config: Partial<ReceiveConfig & { uid: string; podsKnown: boolean }> = {},
) {
  const kept: KeptPart[] = []
  const seen: RequestSeen[] = []
  const hints: PodHints[] = []
  const spool = { outcome: { type: 'kept', droppedItems: 0 } as KeepOutcome }
  const handler = createOtlpHandler(
    {
      clock: createManualClock(),
      pods: {
        find: (one) => {
          hints.push(one)
          return one.podUid === web.uid || one.peerAddress === '10.0.0.1' ? web : undefined
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
    { unknownNamespace: 'refuse', clusterName: 'demo', ...config },
  )
  const send = (peerAddress = '10.9.9.9') =>
    handler({
      signal: 'traces',
      encoding: 'protobuf',
      body: Buffer.alloc(0),
      peerAddress,
      batchId: '',
      resend: false,
    })
  const attributes = () =>
    kept.map(({ bytes }) => JSON.parse(Buffer.from(bytes).toString()) as Record<string, string>)
  return { send, kept, seen, hints, spool, attributes }
}

describe('receiving telemetry of applications', () => {
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
        'k8s.deployment.name': 'web',
        'service.name': 'web',
        'service.version': 'v2',
      },
    ])
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
    ['the pod, whatever the resource says', { 'k8s.namespace.name': 'secret' }, '10.0.0.1', {}, 'shop'],
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
      { signal: 'traces', result: 'partial', received: 4, failed: 0, refused: new Map([[namespace, 4]]) },
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
