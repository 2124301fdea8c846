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
}

function pod(
  name: string,
  { namespace = 'shop', ip, ips, phase = 'Running', hostNetwork, container }: Shape,
): ProjectedPod {
  const projected = projectPod({
    metadata: {
      uid: `uid-${name}`,
      name,
      namespace,
      resourceVersion: '1',
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
    })
  })
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
