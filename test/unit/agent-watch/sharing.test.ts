import { expect, test } from 'vitest'
import { createObjectStore } from '../../../collector/agent/watch/object-store.ts'
import type { Projected } from '../../../collector/agent/watch/projected.ts'
import { createSharing } from '../../../collector/agent/watch/sharing.ts'

const pod = (name: string, image: string) =>
  JSON.parse(
    JSON.stringify({
      uid: `u-${name}`,
      name,
      node: 'node-1',
      labels: { app: 'web' },
      containers: [{ image }],
    }),
  ) as { node: string; labels: object; containers: { image: string }[] }

test('objects share equal labels, and keep what they say', () => {
  const { share } = createSharing()
  const a = share(pod('a', 'web:1'))
  const b = share(pod('b', 'web:2'))
  expect(b.labels).toBe(a.labels)
  expect(b).toEqual(pod('b', 'web:2'))
})

test('what has not changed of an object is what was known of it, and what has is as it says', () => {
  const { share } = createSharing()
  const state = (podIps: string[], labels: object, extra: object) =>
    JSON.parse(
      JSON.stringify({ uid: 'u', resourceVersion: '1', podIps, labels, spec: { a: [1, 'x'], ...extra } }),
    )
  const before = share(state(['10.0.0.1'], { app: 'web' }, { b: null }))
  const same = share({ ...state(['10.0.0.1'], { app: 'web' }, { b: null }), resourceVersion: '2' }, before)
  expect(same).toEqual({ ...before, resourceVersion: '2' })
  for (const key of ['podIps', 'labels', 'spec']) expect(same[key]).toBe(before[key])

  const changes: readonly [podIps: string[], labels: object, extra: object][] = [
    [['10.0.0.1', '10.0.0.2'], { app: 'web' }, { b: null }],
    [[], { app: 'web' }, { b: null }],
    [['10.0.0.1'], { app: 'web', tier: 'front' }, { b: null }],
    [['10.0.0.1'], {}, { b: null }],
    [['10.0.0.1'], { app: 'web' }, {}],
    [['10.0.0.1'], { app: 'web' }, { b: {} }],
    [['10.0.0.1'], { app: 'web' }, { b: 0 }],
  ]
  for (const change of changes) expect(share(state(...change), before)).toEqual(state(...change))
  expect(before).toEqual(state(['10.0.0.1'], { app: 'web' }, { b: null }))
})

test('a store keeps of an object what its new version says again', () => {
  const store = createObjectStore(createSharing().share<Projected & { readonly status: object }>)
  const version = (resourceVersion: string) =>
    ({ uid: 'u', resourceVersion, namespace: 'shop', name: 'web', status: { ready: 1 } }) as const
  store.upsert(version('1'))
  const before = store.get('u')
  store.upsert(version('2'))
  expect(store.get('u')).toEqual(version('2'))
  expect(store.get('u')?.status).toBe(before?.status)
  expect(store.named('shop', 'web')).toBe(store.get('u'))
})

test('forgets what was not used for long, and goes on sharing what is', () => {
  const { share } = createSharing({ valuesMax: 20 })
  const first = share({ labels: { app: 'web' } })
  for (let at = 0; at < 100; at++) {
    share({ node: `node-${at}` })
    if (at % 5 === 0) expect(share({ labels: { app: 'web' } }).labels).toBe(first.labels)
  }
  for (let at = 0; at < 100; at++) share({ node: `other-${at}` })
  expect(share({ labels: { app: 'web' } }).labels).not.toBe(first.labels)
})
