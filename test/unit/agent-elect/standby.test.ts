import { expect, test } from 'vitest'
import { createStandby, type StandbyConfig } from '../../../collector/agent/elect/standby.ts'
import type { KubeRecord, ObjectChange } from '../../../collector/record/kube.ts'
import { createManualClock } from '../../support/manual-clock.ts'

function change(id: string, fields: Partial<ObjectChange> = {}): KubeRecord {
  const record: ObjectChange = {
    ...{
      id,
      kind: 'Pod',
      namespace: 'shop',
      name: id,
      uid: id,
      workloadKind: '',
      workloadName: '',
      timeMs: 1,
    },
    ...{ change: 'status', from: '', to: '', previousDurationMs: 0, container: '', exitCode: 0, reason: '' },
    ...{ message: '', image: '', version: '', replicas: 0 },
    ...fields,
  }
  return { type: 'change', record }
}

function setUp(config: StandbyConfig = {}) {
  const clock = createManualClock()
  const told: string[] = []
  const at = { leads: false, room: true, dropped: 0, gaps: 0 }
  const standby = createStandby(
    {
      clock,
      isLeader: () => at.leads,
      emit: (record) => told.push(record.type === 'change' ? record.record.id : ''),
      hasRoom: () => at.room,
      onDropped: (records) => {
        at.dropped += records
      },
      onGap: () => at.gaps++,
    },
    config,
  )
  return { clock, told, at, standby }
}

test('a leader tells at once; a standby tells what waits when it leads, in order', async () => {
  const { clock, told, at, standby } = setUp()
  standby.emit(change('1'))
  standby.emit(change('2'))
  expect(told).toEqual([])
  at.leads = true
  standby.lead()
  standby.emit(change('3'))
  await clock.advance(0)
  expect(told).toEqual(['1', '2', '3'])
  standby.emit(change('4'))
  expect(told).toEqual(['1', '2', '3', '4'])
  expect(standby.state()).toEqual({ records: 0, bytes: 0 })
})

test('a lead that is lost and won again tells what came in between', async () => {
  const { clock, told, at, standby } = setUp()
  for (const id of ['1', '2', '3']) {
    at.leads = false
    standby.emit(change(id))
    at.leads = true
    standby.lead()
    await clock.advance(0)
  }
  expect(told).toEqual(['1', '2', '3'])
})

test('only what a leader that lived on has had time to deliver is forgotten', async () => {
  const { clock, told, at, standby } = setUp()
  standby.emit(change('old'))
  await clock.advance(60_000)
  // A minute without any leader: nothing goes by age.
  expect(standby.state().records).toBe(1)
  standby.emit(change('new'))
  await clock.advance(5_000)
  standby.otherLeads()
  at.leads = true
  standby.lead()
  await clock.advance(0)
  expect(told).toEqual(['new'])
})

test('goes on no faster than the memory behind has room', async () => {
  const { clock, told, at, standby } = setUp()
  for (const id of ['1', '2']) standby.emit(change(id))
  at.leads = true
  at.room = false
  standby.lead()
  await clock.advance(1_000)
  expect(told).toEqual([])
  at.room = true
  await clock.advance(100)
  expect(told).toEqual(['1', '2'])
})

test('beyond its limit the oldest go, counted, and the takeover reads all anew', async () => {
  const { clock, told, at, standby } = setUp({ recordsMax: 3 })
  for (const id of ['1', '2', '3', '4', '5']) standby.emit(change(id))
  expect(at.dropped).toBe(2)
  at.leads = true
  standby.lead()
  await clock.advance(0)
  expect(told).toEqual(['3', '4', '5'])
  expect(at.gaps).toBe(1)
})

test('a gap in what a living leader has told is none', async () => {
  const { clock, at, standby } = setUp({ bytesMax: 2_500 })
  for (const id of ['1', '2', '3']) standby.emit(change(id))
  expect(at.dropped).toBe(1)
  await clock.advance(21_000)
  standby.otherLeads()
  at.leads = true
  standby.lead()
  await clock.advance(0)
  expect(at.gaps).toBe(0)
})

test('a namespace that opted out is forgotten but for the record of it', async () => {
  const { clock, told, at, standby } = setUp()
  standby.emit(change('other', { namespace: 'other' }))
  standby.emit(change('gone'))
  standby.emit(change('stopped', { change: 'collection-stopped' }))
  standby.dropNamespace('shop')
  at.leads = true
  standby.lead()
  await clock.advance(0)
  expect(told).toEqual(['other', 'stopped'])
})

test('closed: a leader tells its rest without waiting for room, a standby nothing', async () => {
  const leader = setUp()
  leader.standby.emit(change('1'))
  leader.at.leads = true
  leader.at.room = false
  leader.standby.lead()
  const closed = leader.standby.close()
  await leader.clock.advance(100)
  await closed
  expect(leader.told).toEqual(['1'])
  const standby = setUp()
  standby.standby.emit(change('1'))
  await standby.standby.close()
  standby.at.leads = true
  standby.standby.lead()
  await standby.clock.advance(0)
  expect(standby.told).toEqual([])
})
