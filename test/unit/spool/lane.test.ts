import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { crc32c } from '../../../collector/agent/spool/crc32c.ts'
import { systemDisk } from '../../../collector/agent/spool/disk.ts'
import { createFaultDisk } from './fault-disk.ts'
import { numberOf, openTestLane } from './support.ts'

const directories: string[] = []
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true })
})

test.each([
  ['', 0],
  ['a', 0xc1d04330],
  ['123456789', 0xe3069283],
  ['The quick brown fox jumps over the lazy dog', 0x22620404],
])('crc32c of %j', (text, want) => {
  expect(crc32c(Buffer.from(text))).toBe(want)
})

describe('a lane', () => {
  test('hands out batches in the order of appends, on a real disk and after a restart', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'binnacle-spool-'))
    directories.push(directory)
    const config = { directory: join(directory, 'traces'), syncWindowMs: 5 }
    const lane = await openTestLane(systemDisk, config)
    const outcomes = await Promise.all(
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((value) => lane.put(value)),
    )
    expect(outcomes).toEqual(outcomes.map(() => ({ type: 'kept' })))
    const first = await lane.take()
    lane.acknowledge(first)
    const second = await lane.take()
    expect([numberOf(first), numberOf(second)]).toEqual([1, 2])
    await lane.close()

    const again = await openTestLane(systemDisk, config)
    expect(again.state()).toMatchObject({
      batches: 11,
      items: { traces: 11 },
      recoveredItems: { traces: 11 },
    })
    await again.put(13)
    const rest = await again.drain()
    expect(rest.map(numberOf)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13])
    expect(rest[0]?.id).toBe(second.id)
    expect(rest.map((batch) => batch.resend)).toEqual([...Array(11).fill(true), false])
    await again.close()
    const last = await openTestLane(systemDisk, config)
    expect(last.state()).toMatchObject({ batches: 0 })
    await last.close()
  })

  test.each([
    ['a small batch as it is', 1, 'identity'],
    ['a large one compressed', 4_000, 'zstd'],
  ] as const)('keeps the borders of the parts, %s, also over a restart', async (_, repeat, compression) => {
    const disk = createFaultDisk()
    const lane = await openTestLane(disk)
    const parts = ['ab', '', 'c'].map((text, items) => ({
      pieces: [Buffer.from(text), Buffer.from(text.repeat(repeat - 1))],
      items,
    }))
    await lane.append({ signal: 'logs', parts })
    await lane.close()
    const batch = await (await openTestLane(disk)).take()
    expect(await batch.unpack()).toEqual(parts.map(({ pieces }) => Buffer.concat(pieces)))
    expect(batch.packed.compression).toBe(compression)
    expect(batch).toMatchObject({ signal: 'logs', items: 3, resend: true })
    expect(batch.packed.bytes.length).toBeLessThan(1_000)
  })

  test('appends during one sync share the next', async () => {
    const disk = createFaultDisk()
    let syncs = 0
    disk.fault = (operation) => {
      if (operation === 'sync') syncs++
    }
    const lane = await openTestLane(disk, { segmentBytesMax: 100_000 })
    await Promise.all(Array.from({ length: 50 }, (_, value) => lane.put(value)))
    expect(syncs).toBeLessThanOrEqual(2)
  })

  test('waits for an append and for an abort', async () => {
    const lane = await openTestLane(createFaultDisk())
    const abort = new AbortController()
    const nothing = lane.next(abort.signal)
    abort.abort()
    expect(await nothing).toBeUndefined()
    const soon = lane.take()
    await lane.put(7)
    expect(numberOf(await soon)).toBe(7)
  })

  test('drops the oldest segment at the cap and counts what was in it', async () => {
    const lane = await openTestLane(createFaultDisk(), { bytesMax: 4_000 })
    for (let value = 0; value < 60; value++) expect(await lane.put(value)).toEqual({ type: 'kept' })
    expect(lane.state().bytes).toBeLessThanOrEqual(4_000)
    const got = (await lane.drain()).map(numberOf)
    expect(got.length + lane.lost()).toBe(60)
    expect(got.at(-1)).toBe(59)
    expect(got).toEqual(Array.from({ length: got.length }, (_, index) => 60 - got.length + index))
    expect(lane.losses[0]).toMatchObject({ reason: 'full', signal: 'traces' })
  })

  test('a batch that is being sent while its segment is dropped is counted once', async () => {
    const lane = await openTestLane(createFaultDisk(), { bytesMax: 3_000 })
    await lane.put(0)
    const held = await lane.take()
    for (let value = 1; value < 40; value++) await lane.put(value)
    lane.acknowledge(held)
    const got = await lane.drain()
    expect(1 + got.length + lane.lost()).toBe(40)
  })

  test('a batch larger than the lane is refused as a value', async () => {
    const lane = await openTestLane(createFaultDisk(), { bytesMax: 2_000 })
    expect(await lane.put(1, 3_000)).toMatchObject({ type: 'failed', full: false })
    expect(await lane.put(2, 1_500)).toEqual({ type: 'kept' })
    expect((await lane.drain()).map(numberOf)).toEqual([2])
  })

  test('a full disk is a value, and appends go on when there is room again', async () => {
    const disk = createFaultDisk()
    const lane = await openTestLane(disk)
    expect(await lane.put(1)).toEqual({ type: 'kept' })
    disk.freeBytes = 50
    expect(await lane.put(2)).toMatchObject({ type: 'failed', full: true })
    expect(lane.state().failure).toMatch('ENOSPC')
    disk.freeBytes = 10_000
    expect(await lane.put(3)).toEqual({ type: 'kept' })
    expect(lane.state().failure).toBeUndefined()
    expect((await lane.drain()).map(numberOf)).toEqual([1, 3])
  })

  test('what a failed append half wrote is not found after a restart', async () => {
    const disk = createFaultDisk()
    const lane = await openTestLane(disk)
    await lane.put(1)
    disk.freeBytes = 50
    await lane.put(2)
    await lane.close()
    const again = await openTestLane(disk)
    expect((await again.drain()).map(numberOf)).toEqual([1])
  })

  test('a damaged segment delivers its good part, is set aside, and the rest goes on', async () => {
    const disk = createFaultDisk()
    const lane = await openTestLane(disk)
    for (let value = 0; value < 20; value++) await lane.put(value)
    await lane.close()
    const segment = disk.files().find((path) => path.endsWith('.segment')) ?? ''
    disk.damage(segment, (bytes) => bytes.fill(0x55, 500, 510))
    const again = await openTestLane(disk)
    const got = (await again.drain()).map(numberOf)
    expect(got.slice(0, 2)).toEqual([0, 1])
    expect(got.at(-1)).toBe(19)
    expect(again.state().damagedSegments).toBe(1)
    await again.close()
    expect(disk.files().filter((path) => path.endsWith('.damaged'))).toEqual([`${segment}.damaged`])
  })

  test('damage that appears while running is counted exactly', async () => {
    const disk = createFaultDisk()
    const lane = await openTestLane(disk)
    for (let value = 0; value < 20; value++) await lane.put(value)
    const segment = disk.files().find((path) => path.endsWith('.segment')) ?? ''
    disk.damage(segment, (bytes) => bytes.fill(0x55, 500, 510))
    const got = await lane.drain()
    expect(got.length + lane.lost()).toBe(20)
    expect(lane.losses).toMatchObject([{ reason: 'damaged' }])
  })

  test.each([
    ['an empty cursor', Buffer.alloc(0)],
    ['a damaged cursor', Buffer.alloc(20, 7)],
  ])('%s only costs resends', async (_, bytes) => {
    const disk = createFaultDisk()
    const lane = await openTestLane(disk)
    for (let value = 0; value < 3; value++) await lane.put(value)
    lane.acknowledge(await lane.take())
    await lane.close()
    disk.damage('/spool/traces/cursor', () => bytes)
    const again = await openTestLane(disk)
    expect((await again.drain()).map(numberOf)).toEqual([0, 1, 2])
  })

  test('killed at any byte of the newest segment: every synced batch in front of it is there', async () => {
    const disk = createFaultDisk()
    const lane = await openTestLane(disk)
    for (let value = 0; value < 4; value++) await lane.put(value, 30)
    const segment = disk.files().find((path) => path.endsWith('.segment')) ?? ''
    const whole = (await disk.readFile(segment)) ?? Buffer.alloc(0)
    const recordBytes = (whole.length - 16) / 4
    for (let length = 0; length <= whole.length; length++) {
      const copy = createFaultDisk()
      await copy.replaceFile(segment, whole.subarray(0, length))
      const again = await openTestLane(copy)
      const want = Math.max(0, Math.floor((length - 16) / recordBytes))
      expect((await again.drain()).length).toBe(want)
      await again.put(9)
      expect((await again.drain()).map(numberOf)).toEqual([9])
      await again.close()
    }
  })
})
