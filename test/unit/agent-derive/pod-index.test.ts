import { describe, expect, test } from 'vitest'
import { createPodIndex } from '../../../collector/agent/derive/pod-index.ts'
import { type ProjectedPod, projectPod } from '../../../collector/agent/derive/projections.ts'

const t0 = Date.parse('2026-01-01T00:00:00Z')
const minute = 60_000
const workload = { kind: 'Deployment', name: 'web' }

interface Shape {
  readonly namespace?: string
  readonly ip?: string
  readonly ips?: readonly string[]
  readonly phase?: string
  readonly hostNetwork?: boolean
  readonly container?: string
  readonly annotations?: Record<string, string>
}

function pod(
  name: string,
  { namespace = 'shop', ip, ips, phase = 'Running', hostNetwork, container, annotations }: Shape,
): ProjectedPod {
  const projected = projectPod({
    metadata: {
      uid: `uid-${name}`,
      name,
      namespace,
      resourceVersion: '1',
      annotations,
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: { nodeName: 'node-a', hostNetwork, containers: [{ name: 'c', image: 'web:1.2' }] },
    status: {
      phase,
      podIP: ip,
      podIPs: ips?.map((one) => ({ ip: one })),
      containerStatuses: container ? [{ name: 'c', containerID: `containerd://${container}` }] : [],
    },
  })
  if (!projected) throw new Error('no pod')
  return projected
}

describe('the pod index', () => {
  const index = createPodIndex()
  index.put(pod('web-1', { ips: ['10.0.0.1', 'fd00::1'], container: 'abc' }), workload, t0)
  index.put(pod('web-2', { ip: '10.0.0.2' }), workload, t0)
  index.put(pod('web-1', { namespace: 'other', ip: '10.0.1.1' }), workload, t0)
  index.put(pod('agent', { ip: '192.168.0.5', hostNetwork: true }), workload, t0)
  index.put(pod('done', { ip: '10.0.0.9', phase: 'Succeeded' }), workload, t0)

  test.each([
    ['uid', { podUid: 'uid-web-2' }, 'web-2'],
    ['container id', { containerId: 'abc' }, 'web-1'],
    ['container id with its runtime', { containerId: 'containerd://abc' }, 'web-1'],
    ['namespace and name', { namespace: 'shop', podName: 'web-2' }, 'web-2'],
    ['name without namespace', { podName: 'web-2' }, undefined],
    ['pod IP', { podIp: '10.0.0.2' }, 'web-2'],
    ['second IP', { podIp: 'fd00::1' }, 'web-1'],
    ['peer', { peerAddress: '10.0.0.2' }, 'web-2'],
    ['peer, IPv4 in IPv6', { peerAddress: '::ffff:10.0.0.2' }, 'web-2'],
    ['host name in the namespace of the peer', { hostName: 'web-1', peerAddress: '10.0.0.2' }, 'web-1'],
    ['unknown host name', { hostName: 'laptop', peerAddress: '10.0.0.2' }, 'web-2'],
    ['host name without peer', { hostName: 'web-2' }, undefined],
    ['a miss falls through', { podUid: 'gone', containerId: 'gone', peerAddress: '10.0.0.2' }, 'web-2'],
    ['a mesh sidecar', { peerAddress: '127.0.0.6' }, undefined],
    ['loopback', { peerAddress: '::1' }, undefined],
    ['the address of a node', { peerAddress: '192.168.0.5' }, undefined],
    ['the address of an ended pod', { podIp: '10.0.0.9' }, undefined],
    ['an ended pod by its uid', { podUid: 'uid-done' }, 'done'],
    ['a host network pod by its name', { namespace: 'shop', podName: 'agent' }, 'agent'],
    ['uid before all others', { podUid: 'uid-web-2', containerId: 'abc', peerAddress: '10.0.0.1' }, 'web-2'],
    ['container before name', { containerId: 'abc', namespace: 'shop', podName: 'web-2' }, 'web-1'],
    ['name before IP', { namespace: 'shop', podName: 'web-2', podIp: '10.0.0.1' }, 'web-2'],
    ['pod IP before host name', { podIp: '10.0.0.2', hostName: 'web-1', peerAddress: '10.0.0.1' }, 'web-2'],
    ['host name of another namespace', { hostName: 'web-2', peerAddress: '10.0.1.1' }, 'web-1'],
    ['host name, the peer being a node', { hostName: 'web-2', peerAddress: '192.168.0.5' }, undefined],
    ['pod IP that is a node', { podIp: '192.168.0.5', peerAddress: '10.0.0.2' }, 'web-2'],
    ['pod IP that is loopback', { podIp: '127.0.0.1' }, undefined],
    ['nothing', {}, undefined],
  ])('finds by %s', (_, hints, want) => {
    expect(index.find(hints, t0 + minute)?.name).toBe(want)
  })
  test('gives the whole identity', () => {
    expect(index.find({ podUid: 'uid-web-2' }, t0)).toEqual({
      uid: 'uid-web-2',
      name: 'web-2',
      namespace: 'shop',
      node: 'node-a',
      workloadKind: 'Deployment',
      workloadName: 'web',
      version: '1.2',
      container: 'c',
      labels: {},
      resourceAttributes: {},
    })
  })
})

test('annotations of the pod that name its telemetry are part of its identity', () => {
  const index = createPodIndex()
  const annotations = {
    'resource.opentelemetry.io/service.name': 'shop-web',
    'resource.opentelemetry.io/': 'no name',
    'resource.opentelemetry.io/empty': '',
    'prometheus.io/scrape': 'true',
  }
  index.put(pod('web', { annotations }), workload, t0)
  expect(index.find({ podUid: 'uid-web' }, t0)?.resourceAttributes).toEqual({ 'service.name': 'shop-web' })
})

describe('an address that is used again', () => {
  const byIp = { peerAddress: '10.0.0.1' }

  test('belongs to each pod in its time, and the late end of the old never touches the new', () => {
    const index = createPodIndex()
    index.put(pod('old', { ip: '10.0.0.1' }), workload, t0)
    index.put({ ...pod('new', { ip: '10.0.0.1' }), createdAtMs: t0 + minute }, workload, t0 + minute)
    // The old pod's last update and its deletion come after the new pod has the address.
    index.put(pod('old', { ip: '10.0.0.1' }), workload, t0 + minute + 1)
    index.remove('uid-old', t0 + 2 * minute)
    expect(index.find(byIp, t0 + minute / 2)?.name).toBe('old')
    expect(index.find(byIp, t0 + 3 * minute)?.name).toBe('new')
  })
  test('an ended pod is still found for a while, then forgotten', () => {
    const index = createPodIndex({ retentionMs: 2 * minute })
    index.put(pod('old', { ip: '10.0.0.1' }), workload, t0)
    index.remove('uid-old', t0 + minute)
    expect(index.find(byIp, t0 + 2 * minute)?.name).toBe('old')
    expect(index.find({ podUid: 'uid-old' }, t0 + 2 * minute)?.name).toBe('old')
    index.put(pod('other', {}), workload, t0 + 4 * minute)
    expect(index.find({ podUid: 'uid-old' }, t0 + 4 * minute)).toBeUndefined()
    expect(index.find(byIp, t0 + 4 * minute)).toBeUndefined()
    expect(index.size).toBe(1)
  })
  test('an address is believed for a shorter time than a name, for its next owner may be one we do not see', () => {
    const index = createPodIndex({ retentionMs: 5 * minute, addressGraceMs: 2 * minute })
    index.put(pod('old', { ip: '10.0.0.1', container: 'abc' }), workload, t0)
    index.remove('uid-old', t0 + minute)
    expect(index.find(byIp, t0 + 3 * minute)?.name).toBe('old')
    expect(index.find(byIp, t0 + 3 * minute + 1)).toBeUndefined()
    expect(index.find({ containerId: 'abc' }, t0 + 4 * minute)?.name).toBe('old')
  })
  test.each(['Succeeded', 'Failed'])('a pod that is %s loses its address at once', (phase) => {
    const index = createPodIndex()
    index.put(pod('job', { ip: '10.0.0.1' }), workload, t0)
    index.put(pod('job', { ip: '10.0.0.1', phase }), workload, t0 + minute)
    expect(index.find(byIp, t0 + minute)).toBeUndefined()
    expect(index.find({ podUid: 'uid-job' }, t0 + minute)?.name).toBe('job')
  })
  test('an older pod that is seen only now does not take the address of a newer one', () => {
    const index = createPodIndex()
    index.put({ ...pod('new', { ip: '10.0.0.1' }), createdAtMs: t0 + minute }, workload, t0 + minute)
    index.put(pod('old', { ip: '10.0.0.1' }), workload, t0 + 2 * minute)
    expect(index.find(byIp, t0 + 2 * minute)?.name).toBe('new')
    index.remove('uid-old', t0 + 3 * minute)
    expect(index.find(byIp, t0 + 3 * minute)?.name).toBe('new')
  })
  test('a pod that waited for its address takes it from a newer one whose end we have not heard of', () => {
    const index = createPodIndex()
    index.put(pod('waiting', {}), workload, t0)
    index.put({ ...pod('short', { ip: '10.0.0.1' }), createdAtMs: t0 + minute }, workload, t0 + minute)
    index.put(pod('waiting', { ip: '10.0.0.1' }), workload, t0 + 2 * minute)
    expect(index.find(byIp, t0 + 2 * minute)?.name).toBe('waiting')
  })
  test('a pod takes an address back when it is seen again, though nothing of it has changed', () => {
    const index = createPodIndex()
    const old = pod('old', { ip: '10.0.0.7' })
    index.put(old, workload, t0)
    index.put(pod('new', { ip: '10.0.0.7' }), workload, t0 + minute)
    index.remove('uid-new', t0 + 2 * minute)
    index.put(old, workload, t0 + 3 * minute)
    expect(index.find({ podIp: '10.0.0.7' }, t0 + 60 * minute)?.name).toBe('old')
  })

  test('a pod that restarts for ever is known by its last containers, and by no more than a few', () => {
    const index = createPodIndex({ retentionMs: 2 * minute })
    for (let at = 0; at < 100; at++)
      index.put(pod('crashing', { container: `c${at}` }), workload, t0 + at * 100)
    const found = (at: number) =>
      Array.from({ length: 100 }, (_, one) => `c${one}`).filter((containerId) =>
        index.find({ containerId }, at),
      )
    expect(found(t0 + minute)).toHaveLength(33)
    expect(found(t0 + minute).at(-1)).toBe('c99')
    index.put(pod('crashing', { container: 'c99' }), workload, t0 + 10 * minute)
    expect(found(t0 + 10 * minute)).toEqual(['c99'])
  })
  test('a pod that comes back after its end was told is not forgotten with the ended', () => {
    const index = createPodIndex({ retentionMs: minute })
    index.put(pod('web', {}), workload, t0)
    index.remove('uid-web', t0)
    index.put(pod('web', {}), workload, t0 + 1)
    index.put(pod('gone', {}), workload, t0)
    index.remove('uid-gone', t0 + 2)
    index.put(pod('other', {}), workload, t0 + 5 * minute)
    expect(index.find({ podUid: 'uid-web' }, t0 + 5 * minute)?.name).toBe('web')
    expect(index.find({ podUid: 'uid-gone' }, t0 + 5 * minute)).toBeUndefined()
  })
  test('beyond the limit the pod that ended first is forgotten', () => {
    const index = createPodIndex({ endedPodsMax: 2 })
    for (const name of ['a', 'b', 'c']) {
      index.put(pod(name, {}), workload, t0)
      index.remove(`uid-${name}`, t0)
    }
    expect(['a', 'b', 'c'].map((name) => index.find({ podUid: `uid-${name}` }, t0)?.name)).toEqual([
      undefined,
      'b',
      'c',
    ])
  })
  test('an address that comes late counts from when it was seen', () => {
    const index = createPodIndex()
    index.put(pod('web', {}), workload, t0)
    index.put(pod('web', { ip: '10.0.0.1' }), workload, t0 + minute)
    expect(index.find(byIp, t0 + minute)?.name).toBe('web')
  })
  test('a forgotten namespace leaves nothing', () => {
    const index = createPodIndex()
    index.put(pod('web', { ip: '10.0.0.1', container: 'abc' }), workload, t0)
    index.forget('shop')
    expect(
      [byIp, { podUid: 'uid-web' }, { containerId: 'abc' }].map((hints) => index.find(hints, t0)),
    ).toEqual([undefined, undefined, undefined])
  })
})
