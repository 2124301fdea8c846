import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createFaultDisk } from '../unit/spool/fault-disk.ts'
import { numberOf, openTestLane } from '../unit/spool/support.ts'

type Step =
  | { readonly type: 'put'; readonly bytes: number }
  | { readonly type: 'put-many'; readonly count: number }
  | { readonly type: 'take'; readonly acknowledge: boolean }
  | { readonly type: 'acknowledge-oldest' }
  | { readonly type: 'disk-full'; readonly freeBytes: number }
  | { readonly type: 'disk-fails'; readonly operations: number }
  | { readonly type: 'disk-well' }
  | { readonly type: 'restart' }
  | { readonly type: 'crash' }

const calmStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant('put' as const), bytes: fc.integer({ min: 4, max: 900 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('put-many' as const), count: fc.integer({ min: 2, max: 12 }) }),
  },
  { weight: 6, arbitrary: fc.record({ type: fc.constant('take' as const), acknowledge: fc.boolean() }) },
  { weight: 3, arbitrary: fc.constant({ type: 'acknowledge-oldest' as const }) },
)
const faultStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ type: fc.constant('disk-full' as const), freeBytes: fc.integer({ min: 0, max: 600 }) }),
  fc.record({ type: fc.constant('disk-fails' as const), operations: fc.integer({ min: 1, max: 4 }) }),
  fc.constant({ type: 'disk-well' as const }),
  fc.constant({ type: 'restart' as const }),
)
const crash: fc.Arbitrary<Step> = fc.constant({ type: 'crash' as const })

/** Plays the steps against a lane and a model of it: sets of numbers. */
async function play(steps: readonly Step[], random: () => number) {
  const disk = createFaultDisk()
  const config = { bytesMax: 8_000, segmentBytesMax: 1_500 }
  let lane = await openTestLane(disk, config)
  let held: Awaited<ReturnType<typeof lane.take>>[] = []
  let value = 0
  let lost = 0
  let failingOperations = 0
  let last = -1
  const kept = new Set<number>()
  const failed = new Set<number>()
  const acknowledged = new Set<number>()
  const delivered = new Map<number, { readonly id: string; count: number }>()
  disk.fault = () => {
    if (failingOperations > 0 && failingOperations-- > 0)
      throw Object.assign(new Error('EIO: injected'), { code: 'EIO' })
  }

  const put = async (bytes: number) => {
    const mine = value++
    const outcome = await lane.put(mine, bytes)
    ;(outcome.type === 'kept' ? kept : failed).add(mine)
  }
  const receive = (batch: (typeof held)[number]) => {
    const got = numberOf(batch)
    expect(got, 'order within a run').toBeGreaterThan(last)
    last = got
    const before = delivered.get(got)
    if (before) {
      expect(batch.resend, 'a second delivery is marked').toBe(true)
      expect(batch.id, 'a second delivery has the same id').toBe(before.id)
      before.count++
    } else delivered.set(got, { id: batch.id, count: 1 })
  }
  const acknowledge = (batch: (typeof held)[number]) => {
    lane.acknowledge(batch)
    acknowledged.add(numberOf(batch))
  }
  const well = () => {
    failingOperations = 0
    disk.freeBytes = Number.POSITIVE_INFINITY
  }
  const reopen = async () => {
    lost += lane.lost()
    held = []
    last = -1
    lane = await openTestLane(disk, config)
  }

  for (const step of steps) {
    switch (step.type) {
      case 'put':
        await put(step.bytes)
        break
      case 'put-many':
        await Promise.all(Array.from({ length: step.count }, () => put(100)))
        break
      case 'take': {
        const waits = lane.state().batches - held.length > 0
        if (!waits) break
        const batch = await lane.take()
        receive(batch)
        if (step.acknowledge) acknowledge(batch)
        else held.push(batch)
        break
      }
      case 'acknowledge-oldest': {
        const batch = held.shift()
        if (batch) acknowledge(batch)
        break
      }
      case 'disk-full':
        disk.freeBytes = step.freeBytes
        break
      case 'disk-fails':
        failingOperations = step.operations
        break
      case 'disk-well':
        well()
        break
      case 'restart':
        well()
        await lane.close()
        await reopen()
        break
      case 'crash':
        well()
        disk.crash(random)
        await reopen()
        break
    }
  }
  well()
  await lane.close()
  await reopen()
  for (const batch of await lane.drain()) {
    receive(batch)
    acknowledged.add(numberOf(batch))
  }
  lost += lane.lost()
  await lane.close()
  const missing = [...kept].filter((one) => !acknowledged.has(one)).length
  return { missing, failed: failed.size, lost, waiting: lane.state().batches }
}

test('without crashes: kept = acknowledged + lost', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof({ weight: 4, arbitrary: calmStep }, { weight: 1, arbitrary: faultStep }), {
        maxLength: 80,
      }),
      async (steps) => {
        const { missing, failed, lost, waiting } = await play(steps, () => 0)
        expect(waiting).toBe(0)
        expect(missing).toBeLessThanOrEqual(lost)
        // What a failing disk kept although it was not promised can be found by a restart and lost after that.
        expect(lost).toBeLessThanOrEqual(missing + failed)
      },
    ),
    { numRuns: 1000 },
  )
})

test('with crashes: nothing that was promised is missing without being counted', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          { weight: 8, arbitrary: calmStep },
          { weight: 1, arbitrary: faultStep },
          { weight: 1, arbitrary: crash },
        ),
        { maxLength: 80 },
      ),
      fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
      async (steps, numbers) => {
        const { missing, lost, waiting } = await play(steps, () => numbers.next().value)
        expect(waiting).toBe(0)
        expect(missing).toBeLessThanOrEqual(lost)
      },
    ),
    { numRuns: 1000 },
  )
})
