import { expect, test } from 'vitest'
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
