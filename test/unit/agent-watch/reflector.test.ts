import { describe, expect, test } from 'vitest'
import type { Projected, ReflectorEvent } from '../../../collector/agent/watch/projected.ts'
import { createReflector } from '../../../collector/agent/watch/reflector.ts'
import { createTurns } from '../../../collector/agent/watch/turns.ts'
import type { JsonObject, KubeApi, KubeError, WatchItem } from '../../../collector/record/kube-api.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { createManualClock } from '../../support/manual-clock.ts'

const object = (name: string, resourceVersion: string): JsonObject => ({
  metadata: { uid: `uid-${name}`, name, namespace: 'shop', resourceVersion },
})
const event = (
  kind: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK',
  name: string,
  version: string,
): WatchItem => ({
  type: 'event',
  kind,
  object: object(name, version),
})
const error = (status: number, more: Partial<KubeError> = {}): KubeError => ({
  type: 'error',
  status,
  reason: '',
  message: '',
  ...more,
})
const end: WatchItem = {
  type: 'event',
  kind: 'BOOKMARK',
  object: { metadata: { resourceVersion: '9', annotations: { 'k8s.io/initial-events-end': 'true' } } },
}

type ListAnswer = KubeError | { items: JsonObject[]; version: string; next?: string; breaks?: KubeError }
/** The items of a stream; a stream that ends with 'stay' stays open. */
type WatchAnswer = readonly (WatchItem | KubeError | 'stay')[]

/** A client that answers by script, and keeps silent streams open when the script is over. */
function follow({
  lists = [],
  watches = [],
  watchList = false,
  room = () => undefined,
}: {
  lists?: ListAnswer[]
  watches?: WatchAnswer[]
  watchList?: boolean
  room?: () => Promise<void> | undefined
}) {
  const clock = createManualClock()
  const asked: string[] = []
  const events: string[] = []
  const client: KubeApi = {
    async list({ resourceVersion = 'unset', continueToken = '', limit }, onItem) {
      asked.push(`list ${resourceVersion} ${continueToken}${limit === 0 ? 'whole' : ''}`.trim())
      const answer = lists.shift() ?? error(500)
      if ('type' in answer) return answer
      for (const item of answer.items) onItem(item)
      if (answer.breaks) return answer.breaks
      return { type: 'page', resourceVersion: answer.version, continueToken: answer.next ?? '' }
    },
    async *watch({ resourceVersion = 'unset', sendInitialEvents, timeoutSeconds, signal }) {
      asked.push(`${sendInitialEvents ? 'watch-list' : 'watch'} ${resourceVersion}`)
      expect(timeoutSeconds).toBeGreaterThanOrEqual(300)
      expect(timeoutSeconds).toBeLessThan(600)
      for (const item of watches.shift() ?? ['stay' as const]) {
        if (item === 'stay') {
          if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
          return
        }
        if (item.type !== 'error') yield item
        else yield { type: 'failed', error: item }
      }
    },
    get: async () => error(404),
  }
  const emit = (one: ReflectorEvent<Projected>) =>
    events.push(
      one.type === 'synced'
        ? 'synced'
        : `${one.type} ${one.object.name}@${one.object.resourceVersion}${one.fromList ? ' listed' : ''}`,
    )
  const random = () => 0.5
  const reflector = createReflector<Projected>(
    { client, clock, random, log: silentLog, turns: createTurns({ clock, random }), emit, room },
    {
      resource: { group: '', version: 'v1', plural: 'pods' },
      project: (raw) => raw['metadata'] as Projected & JsonObject,
      watchList,
    },
  )
  const stop = new AbortController()
  const run = reflector.run(stop.signal)
  const close = async () => {
    stop.abort()
    await clock.advance(0)
    await run
  }
  return { clock, asked, events, reflector, close }
}

const page = (version: string, ...names: string[]): ListAnswer => ({
  items: names.map((name) => object(name, version)),
  version,
})

describe('the reflector', () => {
  test.each([
    { watchList: false, lists: [page('5', 'a', 'b', 'c')], initial: [] },
    {
      watchList: true,
      lists: [],
      initial: [event('ADDED', 'a', '5'), event('ADDED', 'b', '5'), event('ADDED', 'c', '5'), end],
    },
  ])('says nothing more until there is room for it (watch-list $watchList)', async (way) => {
    let places = 2
    let freed = Promise.withResolvers<void>()
    const { clock, events, reflector, close } = follow({
      ...way,
      watches: [[...way.initial, event('MODIFIED', 'a', '16'), event('MODIFIED', 'b', '17'), 'stay']],
      room: () => (events.length < places ? undefined : freed.promise),
    })
    const free = async (more: number) => {
      places += more
      freed.resolve()
      freed = Promise.withResolvers()
      await clock.advance(100)
    }
    await clock.advance(1_000)
    expect(events).toEqual(['added a@5 listed', 'added b@5 listed'])
    expect(reflector.status()).toMatchObject({ state: 'starting', syncs: 0 })
    // A slow taker is no silent server.
    await clock.advance(1_000_000)
    await free(3)
    expect(events.slice(2)).toEqual(['added c@5 listed', 'synced', 'modified a@16'])
    await free(1)
    expect(events.slice(5)).toEqual(['modified b@17'])
    await close()
  })

  test('that waits for room ends when it is told to, and does not bring back what was forgotten meanwhile', async () => {
    const waits = Promise.withResolvers<void>()
    const { clock, events, reflector, close } = follow({
      lists: [page('5', 'a', 'b', 'c')],
      room: () => (events.length === 1 ? waits.promise : undefined),
    })
    await clock.advance(1_000)
    reflector.forget('shop')
    waits.resolve()
    await clock.advance(1_000)
    expect(events).toEqual(['added a@5 listed', 'synced'])
    expect(reflector.store.size).toBe(0)
    await close()
    const stuck = follow({ lists: [page('5', 'a', 'b')], room: () => new Promise(() => {}) })
    await stuck.clock.advance(1_000)
    await stuck.close()
    expect(stuck.events).toEqual(['added a@5 listed'])
  })

  test('lists from the cache page by page, then watches from the version of the list', async () => {
    const { clock, asked, events, close } = follow({
      lists: [{ items: [object('a', '1')], version: '5', next: 'more' }, page('5', 'b')],
      watches: [[event('MODIFIED', 'a', '6'), event('DELETED', 'b', '7'), 'stay']],
    })
    await clock.advance(1_000)
    await close()
    expect(asked).toEqual(['list 0', 'list 0 more', 'watch 5'])
    expect(events).toEqual(['added a@1 listed', 'added b@5 listed', 'synced', 'modified a@6', 'deleted b@7'])
  })
  test('resumes from the last version, bookmarks included, without a list', async () => {
    const { clock, asked, close } = follow({
      lists: [page('5', 'a')],
      watches: [
        [event('MODIFIED', 'a', '6'), event('BOOKMARK', 'x', '9')],
        [error(0)],
        [error(500)],
        ['stay'],
      ],
    })
    await clock.advance(20_000)
    await close()
    expect(asked).toEqual(['list 0', 'watch 5', 'watch 9', 'watch 9', 'watch 9'])
  })
  test.each([error(410), error(500, { reason: 'Expired' })])(
    'after %j lists the newest state and tells only what differs',
    async (failure) => {
      const { clock, asked, events, close } = follow({
        lists: [
          { items: [object('a', '1'), object('b', '2'), object('c', '3')], version: '5' },
          { items: [object('a', '1'), object('c', '8'), object('d', '9')], version: '9' },
        ],
        watches: [[failure]],
      })
      await clock.advance(5_000)
      await close()
      expect(asked).toEqual(['list 0', 'watch 5', 'list unset', 'watch 9'])
      expect(events.slice(4)).toEqual(['deleted b@2 listed', 'modified c@8 listed', 'added d@9 listed'])
    },
  )
  test('a continue token that expired starts the list again, newest and in one answer, for pages were too slow', async () => {
    const { clock, asked, events, close } = follow({
      lists: [{ items: [object('a', '1')], version: '5', next: 'more' }, error(410), page('8', 'b')],
    })
    await clock.advance(5_000)
    await close()
    expect(asked).toEqual(['list 0', 'list 0 more', 'list unset whole', 'watch 8'])
    expect(events).toEqual(['added b@8 listed', 'synced'])
  })
  test('a list that breaks off leaves no trace, and comes from the newest state in pages', async () => {
    const { clock, asked, events, close } = follow({
      lists: [{ items: [object('x', '1')], version: '5', breaks: error(0) }, page('8', 'b')],
    })
    await clock.advance(5_000)
    await close()
    expect(asked).toEqual(['list 0', 'list unset', 'watch 8'])
    expect(events).toEqual(['added b@8 listed', 'synced'])
  })
  test('a name that is used again is a deletion and an addition', async () => {
    const again = { metadata: { uid: 'uid-a2', name: 'a', namespace: 'shop', resourceVersion: '7' } }
    const { clock, events, close } = follow({
      lists: [page('5', 'a')],
      watches: [[{ type: 'event', kind: 'ADDED', object: again }, 'stay']],
    })
    await clock.advance(1_000)
    await close()
    expect(events.slice(2)).toEqual(['deleted a@5', 'added a@7'])
  })
  test.each([
    [403, 'denied'],
    [404, 'absent'],
  ])('%d is reported as %s and tried again after minutes', async (status, state) => {
    const { clock, asked, reflector, close } = follow({
      lists: [error(status, { message: 'no' }), page('5', 'a')],
    })
    await clock.advance(170_000)
    expect(reflector.status()).toMatchObject({ state, message: 'no', syncs: 0 })
    expect(asked).toEqual(['list 0'])
    await clock.advance(70_000)
    expect(reflector.status()).toMatchObject({ state: 'synced', message: '', syncs: 1, objects: 1 })
    await close()
  })
  test('401, also after the token was read again, is reported and tried again soon', async () => {
    const { clock, asked, reflector, close } = follow({
      lists: [...Array.from({ length: 5 }, () => error(401, { message: 'who?' })), page('5', 'a')],
    })
    await clock.advance(5_000)
    expect(reflector.status()).toMatchObject({ state: 'denied', message: 'who?' })
    await clock.advance(60_000)
    expect(asked).toHaveLength(7)
    expect(reflector.status()).toMatchObject({ state: 'synced' })
    await close()
  })
  test('rights that go while it watches are reported, and the watch resumes when they are back', async () => {
    const { clock, asked, events, reflector, close } = follow({
      lists: [page('5', 'a')],
      watches: [[error(403)], [event('ADDED', 'b', '7'), 'stay']],
    })
    await clock.advance(100_000)
    expect(reflector.status()).toMatchObject({ state: 'denied', objects: 1 })
    await clock.advance(140_000)
    expect(reflector.status().state).toBe('synced')
    expect(asked).toEqual(['list 0', 'watch 5', 'watch 5'])
    expect(events.at(-1)).toBe('added b@7')
    await close()
  })
  test('waits as long as Retry-After says', async () => {
    const { clock, asked, close } = follow({ lists: [error(429, { retryAfterMs: 45_000 }), page('5')] })
    await clock.advance(44_000)
    expect(asked).toEqual(['list 0'])
    await clock.advance(2_000)
    expect(asked).toEqual(['list 0', 'list 0', 'watch 5'])
    await close()
  })
  test('backs off to half a minute while the server is down', async () => {
    const { clock, asked, reflector, close } = follow({ lists: Array.from({ length: 100 }, () => error(0)) })
    await clock.advance(10 * 60_000)
    expect(asked.length).toBeGreaterThan(20)
    expect(asked.length).toBeLessThan(40)
    expect(reflector.status().state).toBe('retrying')
    await close()
  })
  test('cuts a stream that fell silent and resumes', async () => {
    const { clock, asked, close } = follow({ lists: [page('5', 'a')], watches: [['stay'], ['stay']] })
    await clock.advance(149_000)
    expect(asked).toEqual(['list 0', 'watch 5'])
    await clock.advance(5_000)
    expect(asked).toEqual(['list 0', 'watch 5', 'watch 5'])
    await close()
  })
  test('a stream that closes as soon as it opens does not spin', async () => {
    const { clock, asked, close } = follow({
      lists: [page('5')],
      watches: Array.from({ length: 1_000 }, () => []),
    })
    await clock.advance(60_000)
    await close()
    expect(asked.length).toBeLessThan(12)
  })
  test.each([
    ['a bookmark', event('BOOKMARK', 'x', '20'), '30'],
    ['a bookmark, though the server has overtaken us since', event('BOOKMARK', 'x', '20'), '70'],
    [
      'a refusal, though the server has overtaken us since',
      error(504, { message: 'Too large resource version: 50, current: 49' }),
      '70',
    ],
  ])(
    'versions that go backwards, by %s, bring everything anew, even what has the same version',
    async (_, sign, version) => {
      const { clock, asked, events, close } = follow({
        lists: [page('50', 'a'), { items: [object('a', '50')], version }],
        watches: [[sign], ['stay']],
      })
      await clock.advance(5_000)
      await close()
      expect(asked).toEqual(['list 0', 'watch 50', 'list unset', `watch ${version}`])
      expect(events).toEqual(['added a@50 listed', 'synced', 'modified a@50 listed'])
    },
  )
  test('a resync that tells all tells of what is the same, of what is new, and of what is gone', async () => {
    const { clock, asked, events, reflector, close } = follow({
      lists: [page('50', 'a', 'b'), { items: [object('a', '50'), object('c', '60')], version: '60' }],
      watches: [['stay'], ['stay']],
    })
    await clock.advance(5_000)
    reflector.resync({ tellAll: true })
    await clock.advance(5_000)
    await close()
    expect(asked).toEqual(['list 0', 'watch 50', 'list unset', 'watch 60'])
    expect(events.slice(3)).toEqual(['deleted b@50 listed', 'added a@50 listed', 'added c@60 listed'])
  })
  test('an event that can never be read does not hold it at the same place', async () => {
    const unreadable = error(0, { message: 'cannot read the watch event' })
    const { clock, asked, close } = follow({
      lists: [page('5'), page('9')],
      watches: [[unreadable], [unreadable], [unreadable], [unreadable], [unreadable], ['stay']],
    })
    await clock.advance(120_000)
    await close()
    expect(asked.slice(-2)).toEqual(['list unset', 'watch 9'])
  })
})

describe('watch-list', () => {
  test('takes the state from one stream and adopts it at its end', async () => {
    const { clock, asked, events, close } = follow({
      watchList: true,
      watches: [
        [event('ADDED', 'b', '4'), event('ADDED', 'a', '2'), end, event('MODIFIED', 'a', '10'), 'stay'],
      ],
    })
    await clock.advance(1_000)
    await close()
    expect(asked).toEqual(['watch-list 0'])
    expect(events).toEqual(['added b@4 listed', 'added a@2 listed', 'synced', 'modified a@10'])
  })
  test('a stream that dies before the end leaves no trace; the second time a list is used', async () => {
    const { clock, asked, events, close } = follow({
      watchList: true,
      lists: [page('5', 'a')],
      watches: [[event('ADDED', 'b', '4'), error(0)], [event('ADDED', 'b', '4')], ['stay']],
    })
    await clock.advance(10_000)
    await close()
    expect(asked).toEqual(['watch-list 0', 'watch-list 0', 'list 0', 'watch 5'])
    expect(events).toEqual(['added a@5 listed', 'synced'])
  })
  test('a server that ignores the parameters and never ends the beginning is asked by list after half a minute', async () => {
    const { clock, asked, events, close } = follow({
      watchList: true,
      lists: [page('5', 'a')],
      watches: [[event('ADDED', 'a', '4'), 'stay'], ['stay']],
    })
    await clock.advance(29_000)
    expect(events).toEqual([])
    await clock.advance(5_000)
    await close()
    expect(asked).toEqual(['watch-list 0', 'list 0', 'watch 5'])
  })
  test('a server that cannot be reached says nothing about watch-lists', async () => {
    const { clock, asked, close } = follow({
      watchList: true,
      watches: [[error(0)], [error(0)], [error(429)], [error(503)], [end, 'stay']],
    })
    await clock.advance(60_000)
    await close()
    expect(asked).toEqual(Array.from({ length: 5 }, () => 'watch-list 0'))
  })
  test.each([400, 422])('a server that refuses it with %d is asked by list', async (status) => {
    const { clock, asked, close } = follow({
      watchList: true,
      lists: [page('5')],
      watches: [[error(status)], ['stay']],
    })
    await clock.advance(5_000)
    await close()
    expect(asked).toEqual(['watch-list 0', 'list 0', 'watch 5'])
  })
})
