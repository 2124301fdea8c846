import { describe, expect, test } from 'vitest'
import { type AgentCondition, deriveHealth } from '../../../collector/agent/health.ts'
import { fixMark } from '../../../collector/record/agent.ts'

const well: AgentCondition = {
  mode: 'full',
  startedAtMs: 1,
  clusterUid: 'c1',
  reflectors: [
    { resource: 'pods', namespace: 'shop', state: 'synced', message: '' },
    { resource: 'pods', namespace: 'pay', state: 'synced', message: '' },
    { resource: 'events', namespace: 'shop', state: 'synced', message: '' },
  ],
  usage: { state: 'ok', message: '', nodes: { state: 'off', message: '' } },
  service: {
    dnsProblem: '',
    certificateEndsMs: undefined,
    reportFailure: undefined,
    refusedWith: undefined,
    clockSkewMs: undefined,
    nowMs: 0,
  },
  access: undefined,
  configuration: { problem: '', needsRestart: [], remote: undefined },
  crashLogs: undefined,
  crashGuard: undefined,
  lanes: [{ lane: 'kube', spoolFailure: undefined, shipFailure: undefined }],
  election: undefined,
  serviceWarning: '',
  clockAheadMs: 0,
  stopping: false,
}

describe('the health of the agent', () => {
  test('all is well', () => {
    const health = deriveHealth(well)
    expect(health).toMatchObject({ healthy: true, status: 'ok', error: '', startedAtMs: 1 })
    expect(health.components.map(({ name, status }) => [name, status])).toEqual([
      ['service name', 'ok'],
      ['service', 'ok'],
      ['service access key', 'ok'],
      ['clock', 'ok'],
      ['kubernetes api', 'ok'],
      ['kubernetes events', 'ok'],
      ['kubernetes pods', 'ok'],
      ['metrics api', 'ok'],
      ['spool', 'ok'],
      ['shipping', 'ok'],
      ['configuration', 'ok'],
    ])
  })

  test.each<[string, Partial<AgentCondition>, string, string]>([
    [
      'the API server is away',
      { clusterUid: '' },
      'kubernetes api',
      'the API server has not told the uid of namespace kube-system yet',
    ],
    [
      'one namespace is denied',
      {
        reflectors: [
          ...well.reflectors,
          { resource: 'pods', namespace: 'hr', state: 'denied', message: 'pods is forbidden' },
        ],
      },
      'kubernetes pods',
      'pods is forbidden in namespace hr',
    ],
    [
      'nodes of metrics are refused',
      { usage: { state: 'ok', message: '', nodes: { state: 'denied', message: 'forbidden' } } },
      'metrics api of nodes',
      'forbidden',
    ],
    [
      'metrics fail',
      { usage: { state: 'failing', message: 'timeout', nodes: { state: 'off', message: '' } } },
      'metrics api',
      'timeout',
    ],
    [
      'no right to read logs',
      { crashLogs: { state: 'denied', message: 'may not' } },
      'crash logs',
      'may not',
    ],
    [
      'the disk is full',
      { lanes: [{ lane: 'kube', spoolFailure: 'ENOSPC', shipFailure: undefined }] },
      'spool',
      'ENOSPC',
    ],
    [
      'the service is away',
      { lanes: [{ lane: 'kube', spoolFailure: undefined, shipFailure: 'ECONNREFUSED' }] },
      'shipping',
      'ECONNREFUSED',
    ],
    [
      'the name of the service does not resolve',
      { service: { ...well.service, dnsProblem: 'ENOTFOUND' } },
      'service name',
      'the name does not resolve: ENOTFOUND',
    ],
    [
      'the service does not answer',
      { service: { ...well.service, reportFailure: 'ECONNREFUSED' } },
      'service',
      'ECONNREFUSED',
    ],
    [
      'the key is not known',
      { service: { ...well.service, reportFailure: 'answered 401', refusedWith: 401 } },
      'service access key',
      'the service does not know the access key (401)',
    ],
    [
      'the key is not allowed',
      { service: { ...well.service, reportFailure: 'answered 403', refusedWith: 403 } },
      'service access key',
      'the service, or a proxy before it, knows who asks and does not allow it (403)',
    ],
    [
      'the certificate ends soon',
      { service: { ...well.service, nowMs: 0, certificateEndsMs: 13 * 86_400_000 } },
      'service certificate',
      'it ends on 1970-01-14',
    ],
    [
      'the clock is off',
      { service: { ...well.service, clockSkewMs: -31_000 } },
      'clock',
      'the clock of this node is more than 30 s ahead of the clock of the service',
    ],
    [
      'the configuration from the UI is refused',
      { configuration: { ...well.configuration, remote: { status: 'failed', hash: '', error: 'no' } } },
      'configuration',
      'the configuration from the UI is refused: no',
    ],
  ])('%s', (_, condition, name, error) => {
    const health = deriveHealth({ ...well, ...condition })
    expect(health).toMatchObject({ healthy: false, status: 'degraded', error: `${name}: ${error}` })
    const [said, fix] = health.components.find((one) => one.name === name)?.error.split(fixMark) ?? []
    expect(said).toBe(error)
    expect(fix?.length).toBeGreaterThan(20)
  })

  test('rights that are missing are named one by one, with the namespace', () => {
    const access = { asked: 31, denied: [{ resource: 'pods', namespace: 'shop', verbs: ['list', 'watch'] }] }
    const named = deriveHealth({ ...well, access }).components.filter(({ name }) =>
      name.startsWith('permission'),
    )
    expect(named.map(({ name, healthy, status }) => [name, healthy, status])).toEqual([
      ['permissions', false, '29 of 31 granted'],
      ['permission pods in shop', false, 'denied'],
    ])
    expect(named[1]?.error).toMatch(/^the role does not grant list, watch\nFix: /)
  })

  test('a certificate that is good for long, and keys that need a restart, are no failures', () => {
    const health = deriveHealth({
      ...well,
      service: { ...well.service, certificateEndsMs: 30 * 86_400_000 },
      configuration: { ...well.configuration, needsRestart: ['receive.httpPort'] },
    })
    expect(health.healthy).toBe(true)
    expect(health.components.map(({ status }) => status)).toEqual(
      expect.arrayContaining(['good until 1970-01-31', 'restart needed: receive.httpPort']),
    )
  })

  test('a cluster without metrics-server is not unhealthy', () => {
    const health = deriveHealth({
      ...well,
      usage: { state: 'absent', message: 'not found', nodes: { state: 'off', message: '' } },
    })
    expect(health.healthy).toBe(true)
    expect(health.components.find(({ name }) => name === 'metrics api')?.status).toBe('absent')
  })

  test('an agent that stops is not healthy', () =>
    expect(deriveHealth({ ...well, stopping: true })).toMatchObject({ healthy: false, status: 'stopping' }))
})
