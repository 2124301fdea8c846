import { describe, expect, test } from 'vitest'
import { type AgentCondition, deriveHealth } from '../../../collector/agent/health.ts'

const well: AgentCondition = {
  startedAtMs: 1,
  clusterUid: 'c1',
  reflectors: [
    { resource: 'pods', namespace: 'shop', state: 'synced', message: '' },
    { resource: 'pods', namespace: 'pay', state: 'synced', message: '' },
    { resource: 'events', namespace: 'shop', state: 'synced', message: '' },
  ],
  usage: { state: 'ok', message: '', nodes: { state: 'off', message: '' } },
  configuration: { problem: '', needsRestart: [], remote: undefined },
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
  ])('%s', (_, condition, name, error) => {
    const health = deriveHealth({ ...well, ...condition })
    expect(health).toMatchObject({ healthy: false, status: 'degraded', error: `${name}: ${error}` })
    expect(health.components.find((one) => one.name === name)).toMatchObject({ healthy: false, error })
  })

  test('a cluster without metrics-server is not unhealthy', () => {
    const health = deriveHealth({
      ...well,
      usage: { state: 'absent', message: 'not found', nodes: { state: 'off', message: '' } },
    })
    expect(health.healthy).toBe(true)
    expect(health.components.find(({ name }) => name === 'metrics api')?.status).toBe('absent')
  })

  test('an agent that stops is not healthy', () => {
    expect(deriveHealth({ ...well, stopping: true })).toMatchObject({ healthy: false, status: 'stopping' })
  })
})
