import { describe, expect, test } from 'vitest'
import { until } from '../../support/until.ts'
import { ask, pod, startApi, watch } from './support.ts'

const pods = '/api/v1/namespaces/shop/pods'
const at = { namespace: 'shop', name: 'a' }
const watchList = `${pods}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`

describe('watches of the fake API server', () => {
  test('go on from a version and tell what comes', async () => {
    const api = await startApi()
    const { resourceVersion } = api.create('Pod', pod('a')).metadata
    api.patch('Pod', at, { metadata: { labels: { x: '1' } } })
    const open = await watch(api, `${pods}?watch=1&resourceVersion=${resourceVersion}`)
    api.create('Pod', pod('other'))
    api.create('Pod', pod('elsewhere', {}, 'batch'))
    api.remove('Pod', at)
    expect(await open.take(3)).toEqual(['MODIFIED a', 'ADDED other', 'DELETED a'])
  })

  test('without a version begin with what is there, and end in time with a bookmark', async () => {
    const api = await startApi()
    api.create('Pod', pod('a'))
    const open = await watch(api, `${pods}?watch=1&timeoutSeconds=1&allowWatchBookmarks=true`)
    const [added, bookmark] = await open.take(2)
    expect(added).toBe('ADDED a')
    expect(bookmark).toMatch(/^BOOKMARK \d+$/)
    expect(await open.end()).toBe('')
  })

  test('send bookmarks when they are wanted and on', async () => {
    const api = await startApi({ bookmarkEveryMs: 20, firstVersion: 9_007_199_254_740_993n })
    const open = await watch(api, `${pods}?watch=1&resourceVersion=9007199254740995&allowWatchBookmarks=true`)
    expect(await open.take(1)).toEqual(['BOOKMARK 9007199254740995'])
    api.faults.bookmarks = false
    const quiet = await watch(api, `${pods}?watch=1&allowWatchBookmarks=true`)
    api.create('Pod', pod('a'))
    expect(await quiet.take(1)).toEqual(['ADDED a'])
  })

  test('as watch-lists tell the end of the beginning', async () => {
    const api = await startApi()
    api.create('Pod', pod('a'))
    const open = await watch(api, watchList)
    expect(await open.take(1)).toEqual(['ADDED a'])
    expect((await open.next()).object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' })
    api.faults.watchListDiesAfter = 0
    expect(await (await watch(api, watchList)).end()).toBe('broken')
    api.faults.watchList = false
    expect((await ask(api, watchList)).status).toBe(422)
    api.faults.watchList = true
    expect((await ask(api, `${pods}?watch=1&sendInitialEvents=true`)).status).toBe(422)
  })

  test('with a selector tell of objects that begin and cease to match', async () => {
    const api = await startApi()
    api.create('Pod', pod('a'))
    const open = await watch(
      api,
      `${pods}?watch=1&labelSelector=on&resourceVersion=${api.get('Pod', at)?.metadata.resourceVersion}`,
    )
    api.patch('Pod', at, { metadata: { labels: { on: '1' } } })
    api.patch('Pod', at, { metadata: { labels: { on: '2' } } })
    const off = api.patch('Pod', at, { metadata: { labels: { on: null } } })
    expect(await open.take(2)).toEqual(['ADDED a', 'MODIFIED a'])
    const gone = await open.next()
    expect(gone).toMatchObject({ type: 'DELETED', object: { metadata: { labels: { on: '2' } } } })
    expect(gone.object.metadata.resourceVersion).toBe(off.metadata.resourceVersion)
  })

  test.each(['http', 'stream'] as const)('from before the history answer 410 (%s)', async (expiredAs) => {
    const api = await startApi()
    const { resourceVersion } = api.create('Pod', pod('a')).metadata
    api.patch('Pod', at, { metadata: { labels: { x: '1' } } })
    api.faults.compact()
    api.faults.expiredAs = expiredAs
    const path = `${pods}?watch=1&resourceVersion=${resourceVersion}`
    if (expiredAs === 'http')
      expect(await ask(api, path)).toMatchObject({ status: 410, body: { reason: 'Expired' } })
    else expect(await (await watch(api, path)).next()).toMatchObject({ type: 'ERROR', object: { code: 410 } })
  })

  test('keep the history of each kind apart', async () => {
    const api = await startApi({ historyMax: 3 })
    const { resourceVersion } = api.create('Pod', pod('a')).metadata
    for (let at = 0; at < 10; at++) api.create('Event', { metadata: { name: `e${at}`, namespace: 'shop' } })
    api.create('Pod', pod('b'))
    expect(await (await watch(api, `${pods}?watch=1&resourceVersion=${resourceVersion}`)).take(1)).toEqual([
      'ADDED b',
    ])
    const events = await ask(api, `/api/v1/events?watch=1&resourceVersion=${resourceVersion}`)
    expect(events.status).toBe(410)
  })

  test('from the future are refused, or wait', async () => {
    const api = await startApi()
    const future = Number((await ask(api, pods)).body.metadata.resourceVersion) + 1
    const path = `${pods}?watch=1&resourceVersion=${future}`
    expect((await ask(api, path)).status).toBe(504)
    api.faults.futureWatch = 'wait'
    const open = await watch(api, path)
    api.create('Pod', pod('unseen'))
    api.create('Pod', pod('seen'))
    expect(await open.take(1)).toEqual(['ADDED seen'])
  })

  test('carry metadata alone when asked', async () => {
    const api = await startApi()
    api.create('ReplicaSet', { metadata: { name: 'a', namespace: 'shop' }, spec: { replicas: 1 } })
    const response = await fetch(`${api.url}/apis/apps/v1/replicasets?watch=1&timeoutSeconds=0`, {
      headers: { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' },
    })
    const [line = ''] = (await response.text()).split('\n')
    expect(JSON.parse(line)).toMatchObject({ type: 'ADDED', object: { kind: 'PartialObjectMetadata' } })
    expect(line).not.toContain('replicas')
  })
})

describe('faults of the fake API server', () => {
  test.each([
    ['an error in the stream', (api: Api) => api.faults.errorOnWatches(500), ['ERROR undefined'], ''],
    ['an end in the middle of a line', (api: Api) => api.faults.cutWatches(), [], 'broken'],
    ['an end in the middle of a character', (api: Api) => api.faults.cutWatches('character'), [], 'broken'],
    ['a proper end', (api: Api) => api.faults.closeWatches(), [], ''],
    ['a reset', (api: Api) => api.faults.resetConnections(), [], 'broken'],
  ] as const)('open watches get %s', async (_name, act, events, end) => {
    const api = await startApi()
    const open = await watch(api, `${pods}?watch=1`)
    await until(() => api.openWatches() === 1)
    act(api)
    expect(await open.take(events.length)).toEqual(events)
    expect(await open.end()).toBe(end)
    expect(api.openWatches()).toBe(0)
  })

  test('silence looks like an open connection', async () => {
    const api = await startApi({ bookmarkEveryMs: 10 })
    const open = await watch(api, `${pods}?watch=1`)
    api.faults.silenceWatches()
    api.create('Pod', pod('a'))
    await expect(open.next()).rejects.toThrow('nothing came')
    expect(api.openWatches()).toBe(1)
  })

  test('events come twice, out of date, and in pieces of a byte', async () => {
    const api = await startApi()
    api.faults.chunkBytes = 1
    const open = await watch(api, `${pods}?watch=1`)
    api.create('Pod', pod('è'))
    api.faults.duplicateEvents = true
    api.create('Pod', pod('b'))
    api.faults.duplicateEvents = false
    api.faults.replay(2)
    expect(await open.take(5)).toEqual(['ADDED è', 'ADDED b', 'ADDED b', 'ADDED è', 'ADDED b'])
  })

  test('a change can be lost, a line garbled, and what was added meanwhile come as MODIFIED', async () => {
    const api = await startApi()
    const { resourceVersion } = api.create('Pod', pod('a')).metadata
    const path = `${pods}?watch=1&resourceVersion=${resourceVersion}`
    const both = [await watch(api, path), await watch(api, path)]
    await until(() => api.openWatches() === 2)
    api.faults.loseChanges = 1
    api.create('Pod', pod('lost'))
    api.create('Pod', pod('told'))
    for (const open of both) expect(await open.take(1)).toEqual(['ADDED told'])
    api.faults.garbleWatches()
    await expect(both[0]?.next()).rejects.toThrow('JSON')
    api.faults.modifiedFirst = true
    expect(await (await watch(api, path)).take(2)).toEqual(['MODIFIED lost', 'MODIFIED told'])
  })

  test('a server that ignores watch-list sends what is there and no end', async () => {
    const api = await startApi({ bookmarkEveryMs: 20 })
    api.create('Pod', pod('a'))
    api.faults.watchList = 'ignored'
    const open = await watch(api, watchList)
    expect(await open.take(1)).toEqual(['ADDED a'])
    expect((await open.next()).object.metadata).not.toHaveProperty('annotations')
  })

  test('versions jump ahead, past what a double holds', async () => {
    const api = await startApi()
    api.faults.skipVersions(9_007_199_254_740_993n)
    const { resourceVersion = '' } = api.create('Pod', pod('a')).metadata
    expect(BigInt(resourceVersion)).toBeGreaterThan(9_007_199_254_740_993n)
    expect((await ask(api, `${pods}?resourceVersion=${resourceVersion}`)).status).toBe(200)
  })

  test('events expire by age with a DELETED that means nothing', async () => {
    let nowMs = Date.parse('2026-05-01T12:00:00Z')
    const api = await startApi({ nowMs: () => nowMs })
    api.create('Event', { metadata: { name: 'old', namespace: 'shop' } })
    nowMs += 3_600_000
    api.create('Event', { metadata: { name: 'new', namespace: 'shop' } })
    const open = await watch(api, '/api/v1/events?watch=1')
    await open.take(2)
    nowMs += 1_000
    api.faults.expireEvents(3_600_000)
    expect(await open.take(1)).toEqual(['DELETED old'])
    expect(api.list('Event')).toHaveLength(1)
  })

  test('a namespace goes with all that is in it, in the order of a real one', async () => {
    const api = await startApi()
    api.create('Pod', pod('a'))
    const namespaces = await watch(api, '/api/v1/namespaces?watch=1&fieldSelector=metadata.name=shop')
    await namespaces.take(1)
    api.remove('Namespace', { name: 'shop' })
    expect(await namespaces.next()).toMatchObject({
      type: 'MODIFIED',
      object: { status: { phase: 'Terminating' } },
    })
    expect(await namespaces.take(1)).toEqual(['DELETED shop'])
    expect(api.list('Pod')).toEqual([])
  })

  test('a restart closes everything and keeps address, objects and versions', async () => {
    const api = await startApi()
    const before = api.create('Pod', pod('a')).metadata
    const open = await watch(api, `${pods}?watch=1&resourceVersion=${before.resourceVersion}`)
    const restarted = api.faults.restart({ downMs: 50 })
    expect(await open.end()).toBe('broken')
    await expect(fetch(`${api.url}/readyz`)).rejects.toThrow()
    await restarted
    expect((await ask(api, `${pods}/a`)).body.metadata).toEqual(before)
    const resumed = await watch(api, `${pods}?watch=1&resourceVersion=${before.resourceVersion}`)
    api.create('Pod', pod('b'))
    expect(await resumed.take(1)).toEqual(['ADDED b'])
  })

  test('a restore from a backup brings the past back', async () => {
    const api = await startApi()
    api.create('Pod', pod('a'))
    const { resourceVersion } = api.create('Pod', pod('b')).metadata
    api.remove('Pod', at)
    api.create('Pod', pod('c'))
    await api.faults.restart({ rewindBy: 2n })
    const { body } = await ask(api, pods)
    expect(body.items.map(({ metadata }) => metadata.name).sort()).toEqual(['a', 'b'])
    expect(body.metadata.resourceVersion).toBe(resourceVersion)
  })

  test('a recreated name has another uid', async () => {
    const api = await startApi()
    const first = api.create('Pod', pod('a')).metadata.uid
    api.remove('Pod', at)
    expect(api.create('Pod', pod('a')).metadata.uid).not.toBe(first)
  })
})

type Api = Awaited<ReturnType<typeof startApi>>
