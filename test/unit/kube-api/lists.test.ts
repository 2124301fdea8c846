import { describe, expect, test } from 'vitest'
import { ask, pod, send, startApi } from './support.ts'

const pods = '/api/v1/namespaces/shop/pods'
const names = (items: readonly { metadata: { name: string } }[]) => items.map(({ metadata }) => metadata.name)

describe('lists of the fake API server', () => {
  test('come in pages of one snapshot, whose tokens can be used again', async () => {
    const api = await startApi()
    for (const name of ['a', 'b', 'c', 'd', 'e']) api.create('Pod', pod(name))
    const first = await ask(api, `${pods}?limit=2`)
    api.remove('Pod', { namespace: 'shop', name: 'd' })
    api.create('Pod', pod('f'))
    const second = await ask(api, `${pods}?limit=2&continue=${first.body.metadata['continue']}`)
    const again = await ask(api, `${pods}?limit=2&continue=${first.body.metadata['continue']}`)
    const last = await ask(api, `${pods}?limit=2&continue=${second.body.metadata['continue']}`)
    expect([first, second, again, last].map(({ body }) => names(body.items))).toEqual([
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
      ['e'],
    ])
    expect(first.body.metadata['remainingItemCount']).toBe(3)
    expect(last.body.metadata['continue']).toBeUndefined()
    expect(new Set([first, second, last].map(({ body }) => body.metadata.resourceVersion)).size).toBe(1)
  })

  test('answer an expired token with 410 and a token to go on inconsistently', async () => {
    const api = await startApi({ historyMax: 1 })
    for (const name of ['a', 'b', 'c']) api.create('Pod', pod(name))
    const first = await ask(api, `${pods}?limit=1`)
    api.create('Pod', pod('d'))
    api.create('Pod', pod('e'))
    const expired = await ask(api, `${pods}?limit=1&continue=${first.body.metadata['continue']}`)
    expect(expired).toMatchObject({ status: 410, body: { kind: 'Status', reason: 'Expired' } })
    const onward = await ask(api, `${pods}?continue=${expired.body.metadata['continue']}`)
    expect(names(onward.body.items)).toEqual(['b', 'c'])
  })

  test('with version 0 come whole, and from a cache that may lag', async () => {
    const api = await startApi()
    api.create('Pod', pod('a'))
    api.create('Pod', pod('b'))
    api.faults.freezeCache()
    api.create('Pod', pod('c'))
    const cached = await ask(api, `${pods}?resourceVersion=0&limit=1`)
    const fresh = await ask(api, pods)
    expect([cached, fresh].map(({ body }) => names(body.items))).toEqual([
      ['a', 'b'],
      ['a', 'b', 'c'],
    ])
    expect(Number(cached.body.metadata.resourceVersion)).toBe(Number(fresh.body.metadata.resourceVersion) - 1)
  })

  test('refuse a version that is not there yet, and one beside a token', async () => {
    const api = await startApi()
    const early = await ask(api, `${pods}?resourceVersion=9999999`)
    expect(early).toMatchObject({ status: 504, body: { reason: 'Timeout' } })
    expect(early.body.message).toMatch(/^Too large resource version: 9999999, current: \d+$/)
    expect((await ask(api, `${pods}?resourceVersion=1&continue=x`)).status).toBe(400)
  })

  test.each([
    ['?labelSelector=app=x', ['a', 'c']],
    ['?labelSelector=app!=x', ['b']],
    ['?labelSelector=app in (x,y),tier', ['c']],
    ['?labelSelector=app notin (x)', ['b']],
    ['?labelSelector=!tier', ['a', 'b']],
    ['?fieldSelector=metadata.name=b', ['b']],
    ['?fieldSelector=spec.nodeName=n1', ['a']],
    ['?fieldSelector=metadata.namespace!=shop', []],
    ['?fieldSelector=status.phase!=Running', ['b', 'c']],
  ])('select by %s', async (query, want) => {
    const api = await startApi()
    api.create('Pod', {
      metadata: { name: 'a', namespace: 'shop', labels: { app: 'x' } },
      spec: { nodeName: 'n1' },
      status: { phase: 'Running' },
    })
    api.create('Pod', pod('b'))
    api.create('Pod', { metadata: { name: 'c', namespace: 'shop', labels: { app: 'x', tier: 'db' } } })
    expect(names((await ask(api, pods + query)).body.items)).toEqual(want)
  })

  test('select events by the object they are about, across namespaces, and refuse unknown fields', async () => {
    const api = await startApi()
    for (const [namespace, name] of [
      ['shop', 'a'],
      ['batch', 'b'],
    ] as const) {
      api.create('Event', {
        metadata: { name: `${name}.1`, namespace },
        involvedObject: { kind: 'Pod', name },
        source: { component: 'kubelet' },
      })
    }
    const about = await ask(api, '/api/v1/events?fieldSelector=involvedObject.name=b,source=kubelet')
    expect(names(about.body.items)).toEqual(['b.1'])
    const others = await ask(api, '/api/v1/events?fieldSelector=metadata.namespace!=shop')
    expect(names(others.body.items)).toEqual(['b.1'])
    expect(await ask(api, '/api/v1/pods?fieldSelector=spec.color=red')).toMatchObject({
      status: 400,
      body: { message: 'field label not supported: spec.color' },
    })
  })

  test('come as metadata alone, and pods as the table of kubectl', async () => {
    const api = await startApi()
    api.create('Pod', {
      metadata: { name: 'a', namespace: 'shop' },
      spec: { containers: [{ name: 'main' }] },
      status: {
        phase: 'Running',
        containerStatuses: [
          { name: 'main', restartCount: 7, state: { waiting: { reason: 'CrashLoopBackOff' } } },
        ],
      },
    })
    const as = (what: string) => ({ headers: { accept: `application/json;as=${what};v=v1;g=meta.k8s.io` } })
    const partial = await ask(api, pods, as('PartialObjectMetadataList'))
    expect(partial.body).toMatchObject({
      kind: 'PartialObjectMetadataList',
      items: [{ kind: 'PartialObjectMetadata', metadata: { name: 'a' } }],
    })
    expect(partial.body.items[0]).not.toHaveProperty('spec')
    const table = await ask(api, pods, as('Table'))
    expect(table.body.rows.map(({ cells }) => cells)).toEqual([['a', '0/1', 'CrashLoopBackOff', '7']])
  })

  test('break off, are null when empty, or hang, when told to', async () => {
    const api = await startApi()
    api.faults.cutLists = 1
    await expect(ask(api, pods)).rejects.toThrow()
    expect((await ask(api, pods)).body.items).toEqual([])
    api.faults.nullLists = true
    expect((await ask(api, pods)).body.items).toBeNull()
    api.faults.hang({ match: /pods/, times: 1 })
    const waited = AbortSignal.timeout(50)
    await expect(ask(api, pods, { signal: waited })).rejects.toThrow('timeout')
    expect((await ask(api, pods)).status).toBe(200)
  })

  test('drip when told to', async () => {
    const api = await startApi()
    api.create('Pod', pod('größe'))
    api.faults.drip = { bytes: 7, everyMs: 1 }
    expect(names((await ask(api, pods)).body.items)).toEqual(['größe'])
  })
})

describe('writes to the fake API server', () => {
  const deployments = '/apis/apps/v1/namespaces/shop/deployments'
  const deployment = { metadata: { name: 'a' }, spec: { replicas: 1 } }
  const merge = 'application/merge-patch+json'

  test('give what is the server’s to give, and count generations of the specification', async () => {
    const api = await startApi()
    const { status, body } = await send(api, 'POST', deployments, {
      ...deployment,
      metadata: { name: 'a', uid: 'mine' },
    })
    expect(status).toBe(201)
    expect(body).toMatchObject({ kind: 'Deployment', metadata: { namespace: 'shop', generation: 1 } })
    expect(body.metadata.uid).not.toBe('mine')
    const patched = await send(api, 'PATCH', `${deployments}/a`, { spec: { replicas: 3 } }, merge)
    expect(patched.body.metadata.generation).toBe(2)
    const same = await send(api, 'PATCH', `${deployments}/a`, { spec: { replicas: 3 } }, merge)
    expect(same.body.metadata).toEqual(patched.body.metadata)
  })

  test('keep status and the rest apart', async () => {
    const api = await startApi()
    await send(api, 'POST', deployments, { ...deployment, status: { replicas: 1 } })
    const status = await send(
      api,
      'PATCH',
      `${deployments}/a/status`,
      { spec: { replicas: 9 }, status: { replicas: 2 } },
      merge,
    )
    expect(status.body).toMatchObject({ spec: { replicas: 1 }, status: { replicas: 2 } })
    const spec = await send(
      api,
      'PATCH',
      `${deployments}/a`,
      { spec: { replicas: 5 }, status: { replicas: 8 } },
      merge,
    )
    expect(spec.body).toMatchObject({ spec: { replicas: 5 }, status: { replicas: 2 } })
  })

  test.each([
    {
      what: 'a name that exists',
      method: 'POST',
      path: deployments,
      body: deployment,
      want: [409, 'AlreadyExists'],
    },
    {
      what: 'a name that is none',
      method: 'POST',
      path: deployments,
      body: { metadata: { name: 'A_b' } },
      want: [422, 'Invalid'],
    },
    {
      what: 'a namespace that is missing',
      method: 'POST',
      path: '/api/v1/namespaces/none/pods',
      body: { metadata: { name: 'a' } },
      want: [404, 'NotFound'],
    },
    {
      what: 'two namespaces',
      method: 'POST',
      path: deployments,
      body: { metadata: { name: 'x', namespace: 'batch' } },
      want: [400, 'BadRequest'],
    },
    {
      what: 'another kind',
      method: 'POST',
      path: deployments,
      body: { kind: 'Pod', metadata: { name: 'x' } },
      want: [400, 'BadRequest'],
    },
    { what: 'no JSON', method: 'POST', path: deployments, body: '{', want: [400, 'BadRequest'] },
    {
      what: 'an old version',
      method: 'PUT',
      path: `${deployments}/a`,
      body: { metadata: { name: 'a', resourceVersion: '1' } },
      want: [409, 'Conflict'],
    },
    {
      what: 'another uid',
      method: 'PUT',
      path: `${deployments}/a`,
      body: { metadata: { name: 'a', uid: 'x' } },
      want: [409, 'Conflict'],
    },
    {
      what: 'an unknown patch',
      method: 'PATCH',
      path: `${deployments}/a`,
      body: '[]',
      want: [415, 'UnsupportedMediaType'],
    },
    {
      what: 'an object that is missing',
      method: 'PATCH',
      path: `${deployments}/b`,
      body: {},
      want: [404, 'NotFound'],
    },
    {
      what: 'a deletion of another uid',
      method: 'DELETE',
      path: `${deployments}/a`,
      body: { preconditions: { uid: 'x' } },
      want: [409, 'Conflict'],
    },
    {
      what: 'a resource that is unknown',
      method: 'POST',
      path: '/apis/apps/v1/namespaces/shop/widgets',
      body: {},
      want: [404, 'NotFound'],
    },
  ])('refuse $what', async ({ method, path, body, want }) => {
    const api = await startApi()
    api.create('Deployment', { ...deployment, metadata: { name: 'a', namespace: 'shop' } })
    const answer = await send(api, method, path, body)
    expect([answer.status, answer.body.reason]).toEqual(want)
  })

  test('keep leases from two writers at once', async () => {
    const api = await startApi()
    const path = '/apis/coordination.k8s.io/v1/namespaces/shop/leases'
    const { body } = await send(api, 'POST', path, {
      metadata: { name: 'leader' },
      spec: { holderIdentity: 'a' },
    })
    const take = (holderIdentity: string) =>
      send(api, 'PUT', `${path}/leader`, { ...body, spec: { holderIdentity } })
    expect((await Promise.all([take('b'), take('c')])).map(({ status }) => status).sort()).toEqual([200, 409])
  })

  test('make names, and delete by selector', async () => {
    const api = await startApi()
    const made = await send(api, 'POST', '/api/v1/namespaces/shop/pods', {
      metadata: { generateName: 'a-', labels: { old: 'yes' } },
    })
    expect(made.body.metadata.name).toMatch(/^a-[a-z0-9]+$/)
    api.create('Pod', pod('b'))
    await ask(api, '/api/v1/namespaces/shop/pods?labelSelector=old=yes', { method: 'DELETE' })
    expect(names(api.list('Pod'))).toEqual(['b'])
  })
})

describe('the rest of the fake API server', () => {
  test('tells what it serves', async () => {
    const api = await startApi()
    expect((await ask(api, '/version')).body).toMatchObject({ major: '1' })
    expect((await ask(api, '/api')).body).toMatchObject({ versions: ['v1'] })
    expect((await ask(api, '/apis/apps/v1')).body).toMatchObject({
      resources: expect.arrayContaining([
        expect.objectContaining({ name: 'deployments', kind: 'Deployment' }),
      ]),
    })
    expect((await ask(api, '/readyz')).body.message).toBe('ok')
  })

  test('asks for the token of now', async () => {
    const api = await startApi()
    api.faults.token = 'first'
    const withToken = (token: string) =>
      ask(api, '/api/v1/pods', { headers: { authorization: `Bearer ${token}` } })
    expect(api.kubeconfig()).toContain('token: "first"')
    expect((await withToken('first')).status).toBe(200)
    api.faults.token = 'second'
    expect((await withToken('first')).body).toMatchObject({
      kind: 'Status',
      code: 401,
      reason: 'Unauthorized',
    })
    expect((await withToken('second')).status).toBe(200)
  })

  test('forbids by verb, resource and namespace, and says so when asked', async () => {
    const api = await startApi()
    api.faults.forbid({ verb: 'list', resource: 'events', namespace: 'shop' })
    expect((await ask(api, '/api/v1/namespaces/shop/events')).body).toMatchObject({
      code: 403,
      reason: 'Forbidden',
    })
    expect((await ask(api, '/api/v1/namespaces/batch/events')).status).toBe(200)
    expect((await ask(api, '/api/v1/namespaces/shop/pods')).status).toBe(200)
    const mayI = async (namespace: string) => {
      const spec = { resourceAttributes: { verb: 'list', resource: 'events', namespace } }
      const { body } = await send(api, 'POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
        spec,
      })
      return body['status']
    }
    expect([await mayI('shop'), await mayI('batch')]).toEqual([{ allowed: false }, { allowed: true }])
    api.faults.permit({ verb: 'list', resource: 'events', namespace: 'shop' })
    expect((await ask(api, '/api/v1/namespaces/shop/events')).status).toBe(200)
  })

  test('fails as often as it is told, with Retry-After', async () => {
    const api = await startApi()
    api.faults.fail({ match: /GET .*pods/, status: 429, times: 1, retryAfterSeconds: 3 })
    const refused = await ask(api, '/api/v1/pods')
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '3'])
    expect((await ask(api, '/api/v1/pods')).status).toBe(200)
  })

  test('has usage of pods and nodes when somebody computes it', async () => {
    const api = await startApi()
    const path = '/apis/metrics.k8s.io/v1beta1'
    api.create('Node', { metadata: { name: 'n1' } })
    api.create('Pod', pod('a', { spec: { nodeName: 'n1', containers: [{ name: 'main' }] } }))
    expect((await ask(api, `${path}/nodes`)).status).toBe(404)
    api.usage = () => [{ name: 'main', cpuNanocores: 5_000_000, memoryBytes: 64 * 1024 ** 2 }]
    expect((await ask(api, `${path}/namespaces/shop/pods`)).body.items).toMatchObject([
      {
        metadata: { name: 'a', namespace: 'shop' },
        containers: [{ usage: { cpu: '5000000n', memory: '65536Ki' } }],
      },
    ])
    expect((await ask(api, `${path}/nodes/n1`)).body).toMatchObject({ usage: { cpu: '125000000n' } })
    expect((await ask(api, `${path}/namespaces/batch/pods`)).body.items).toEqual([])
  })

  test('has logs of containers', async () => {
    const api = await startApi()
    api.create('Pod', pod('a', { spec: { containers: [{ name: 'main' }] } }))
    const previous = `/api/v1/namespaces/shop/pods/a/log?tailLines=1&previous=true`
    expect(await ask(api, previous)).toMatchObject({ status: 400 })
    const ended = { terminated: { exitCode: 1 } }
    api.patch(
      'Pod',
      { name: 'a', namespace: 'shop' },
      { status: { containerStatuses: [{ name: 'main', lastState: ended }] } },
    )
    api.logs = (_pod, { container, previous: before }) => `1\n2\n${container}${before ? ' before' : ''}\n`
    expect((await ask(api, previous)).body.message).toBe('main before\n')
    expect((await ask(api, `${previous}&limitBytes=3`)).body.message).toBe('mai')
    expect(await ask(api, `/api/v1/namespaces/shop/pods/a/log?container=other`)).toMatchObject({
      status: 400,
    })
  })

  test('has a clock of its own', async () => {
    const api = await startApi({ nowMs: () => Date.parse('2026-05-01T12:00:00Z') })
    api.faults.clockSkewMs = -3_600_000
    expect(api.create('Pod', pod('a')).metadata.creationTimestamp).toBe('2026-05-01T11:00:00Z')
    expect((await ask(api, '/api/v1/pods')).headers.get('date')).toBe('Fri, 01 May 2026 11:00:00 GMT')
  })
})
