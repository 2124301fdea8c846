import { describe, expect, test } from 'vitest'
import type { Described } from '../../../collector/agent/derive/kinds/described.ts'
import { projectEndpointSlice, projectService } from '../../../collector/agent/derive/kinds/network.ts'
import { withEndpoints } from '../../../collector/agent/derive/service-endpoints.ts'
import { createServiceView } from '../../../collector/agent/derive/service-view.ts'

type Raw = { readonly [key: string]: unknown }

function need(object: Described | undefined): Described {
  if (!object) throw new Error('nothing projected')
  return object
}

const service = (name: string, spec: Raw = { selector: { app: name } }) =>
  need(
    projectService({
      metadata: { uid: `service-${name}`, name, namespace: 'shop', resourceVersion: '1' },
      spec,
    }),
  )

/** `+` is a ready endpoint, `-` one that is not, `x` one on its way out. */
const slice = (uid: string, of: string, endpoints: string, addressType = 'IPv4') =>
  need(
    projectEndpointSlice({
      metadata: {
        uid,
        name: uid,
        namespace: 'shop',
        resourceVersion: '1',
        labels: of === '' ? {} : { 'kubernetes.io/service-name': of },
      },
      addressType,
      endpoints: [...endpoints].map((one) => ({
        conditions: { ready: one === '+', terminating: one === 'x' },
      })),
    }),
  )

describe('a Service by its endpoints', () => {
  const none = 'service-without-endpoints'
  test.each<[string, Described, readonly Described[] | undefined, string, string, Record<string, string>]>([
    [
      'some ready',
      service('web'),
      [slice('a', 'web', '+-+'), slice('b', 'web', '-')],
      'Available',
      '2/4',
      {},
    ],
    [
      'none ready',
      service('web'),
      [slice('a', 'web', '--')],
      'Unavailable',
      '0/2',
      { [none]: 'none of 2 is ready' },
    ],
    [
      'all on their way out',
      service('web'),
      [slice('a', 'web', 'xx')],
      'Unavailable',
      '0/0',
      { [none]: 'no pod is selected' },
    ],
    ['no slice', service('web'), [], 'Unavailable', '0/0', { [none]: 'no pod is selected' }],
    [
      'both address families',
      service('web'),
      [slice('a', 'web', '++'), slice('b', 'web', '++', 'IPv6')],
      'Available',
      '2/2',
      {},
    ],
    [
      'one family behind',
      service('web'),
      [slice('a', 'web', '+-'), slice('b', 'web', '++', 'IPv6')],
      'Available',
      '2/2',
      {},
    ],
    ['without selector or slices', service('web', {}), [], '', '0/0', {}],
    [
      'without selector, slices by hand',
      service('web', {}),
      [slice('a', 'web', '-')],
      'Unavailable',
      '0/1',
      { [none]: 'none of 1 is ready' },
    ],
    ['of another name', service('web', { type: 'ExternalName', externalName: 'x' }), [], '', '0/0', {}],
    ['slices that may not be seen', service('web'), undefined, '', '0/0', {}],
  ])('%s', (_, one, slices, status, endpoints, findings) => {
    const { status: got, fields } = withEndpoints(one, slices)
    expect([got, `${fields.ready ?? 0}/${fields.desired ?? 0}`, fields.findings ?? {}]).toEqual([
      status,
      endpoints,
      findings,
    ])
  })
})

function setUp() {
  const stores = { services: new Map<string, Described>(), slices: new Map<string, Described>() }
  const readiness = { services: 'read', slices: 'read' } as Record<
    'services' | 'slices',
    'unread' | 'read' | 'denied'
  >
  const lines: string[] = []
  const times: string[] = []
  const lookup = (store: Map<string, Described>) => ({
    get: (uid: string) => store.get(uid),
    named: (namespace: string, name: string) =>
      [...store.values()].find((one) => one.namespace === namespace && one.name === name),
  })
  const view = createServiceView({
    services: lookup(stores.services),
    slices: lookup(stores.slices),
    readiness: (resource) => readiness[resource],
    tell: ({ object, previous, deleted }) => {
      if (object.kind === 'Service' && !deleted) times.push(`${object.status} ${object.changedAtMs}`)
      if ('fields' in object && (deleted || !previous || JSON.stringify(previous) !== JSON.stringify(object)))
        lines.push(
          [
            deleted ? 'deleted' : 'state',
            object.name,
            object.status,
            `${object.fields.ready ?? 0}/${object.fields.desired ?? 0}`,
            ...Object.keys(object.fields.findings ?? {}),
          ].join(' '),
        )
    },
  })
  const send = (object: Described, type: 'put' | 'delete') => {
    const isService = object.kind === 'Service'
    const store = isService ? stores.services : stores.slices
    const previous = store.get(object.uid)
    if (type === 'put') store.set(object.uid, object)
    else store.delete(object.uid)
    const event = {
      type: type === 'delete' ? ('deleted' as const) : previous ? ('modified' as const) : ('added' as const),
      object,
      previous,
      fromList: false,
    }
    if (isService) view.onService(event)
    else view.onSlice(event)
  }
  const flush = () => {
    for (const _ of view.flush());
    return lines.splice(0).sort()
  }
  return { view, stores, readiness, send, flush, lines, times }
}

describe('the view of services', () => {
  test('says nothing of endpoints until both are read', () => {
    const { readiness, send, flush } = setUp()
    readiness.slices = 'unread'
    send(service('web'), 'put')
    expect(flush()).toEqual([])
    send(slice('a', 'web', '+'), 'put')
    readiness.slices = 'read'
    expect(flush()).toEqual(['state a  1/1', 'state web Available 1/1'])
    expect(flush()).toEqual([])
  })
  test('endpoints that flap make one record each time it looks', () => {
    const { send, flush } = setUp()
    send(service('web'), 'put')
    send(slice('a', 'web', '+'), 'put')
    flush()
    for (let turn = 0; turn < 100; turn++) send(slice('a', 'web', turn % 2 === 0 ? '-' : '+'), 'put')
    send(slice('a', 'web', '-'), 'put')
    expect(flush()).toEqual(['state a  0/1', 'state web Unavailable 0/1 service-without-endpoints'])
    send(slice('a', 'web', '+'), 'put')
    send(slice('a', 'web', '-'), 'put')
    expect(flush()).toEqual([])
  })
  test('a slice whose Service goes is an orphan, until the Service is back', () => {
    const { send, flush, lines } = setUp()
    send(service('web'), 'put')
    send(slice('a', 'web', '+'), 'put')
    flush()
    send(service('web'), 'delete')
    expect(lines.splice(0)).toEqual(['deleted web Available 1/1'])
    expect(flush()).toEqual(['state a  1/1 orphan-endpoints'])
    send(service('web'), 'put')
    expect(flush()).toEqual(['state a  1/1', 'state web Available 1/1'])
  })
  test('a slice that goes takes its endpoints along, one that changes its Service too', () => {
    const { send, flush } = setUp()
    for (const name of ['web', 'api']) send(service(name), 'put')
    send(slice('a', 'web', '+'), 'put')
    send(slice('b', 'web', '+'), 'put')
    flush()
    send(slice('b', 'web', '+'), 'delete')
    expect(flush()).toEqual(['deleted b  1/1', 'state web Available 1/1'])
    send(slice('a', 'api', '+'), 'put')
    expect(flush()).toEqual([
      'state a  1/1',
      'state api Available 1/1',
      'state web Unavailable 0/0 service-without-endpoints',
    ])
  })
  test('a status changes when the slice did that made it; when one is gone, now', () => {
    const { send, view, times } = setUp()
    const at = (one: Described, changedAtMs: number) => ({ ...one, changedAtMs })
    send(at(service('web'), 1_000), 'put')
    send(at(slice('a', 'web', '-'), 2_000), 'put')
    for (const _ of view.flush());
    send(at(slice('a', 'web', '+'), 5_000), 'put')
    for (const _ of view.flush());
    send(at(slice('a', 'web', '+'), 5_000), 'delete')
    for (const _ of view.flush());
    send(at(slice('b', 'web', '+'), 9_000), 'put')
    for (const _ of view.flush());
    expect(times).toEqual(['Unavailable 2000', 'Available 5000', 'Unavailable 0', 'Available 9000'])
  })
  test('without the right to see slices, Services are told without endpoints; without Services, no slice is an orphan', () => {
    const { readiness, send, flush } = setUp()
    readiness.slices = 'denied'
    send(service('web'), 'put')
    expect(flush()).toEqual(['state web  0/0'])
    readiness.slices = 'read'
    readiness.services = 'denied'
    send(slice('a', 'gone', '+'), 'put')
    expect(flush()).toEqual(['state a  1/1'])
  })
  test('a namespace that is forgotten is told of no more', () => {
    const { view, stores, send, flush } = setUp()
    send(service('web'), 'put')
    send(slice('a', 'web', '+'), 'put')
    stores.services.clear()
    stores.slices.clear()
    view.forget('shop')
    expect(flush()).toEqual([])
  })
})
