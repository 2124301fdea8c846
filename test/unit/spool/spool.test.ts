import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type SpoolDisk, systemDisk } from '../../../collector/agent/spool/disk.ts'
import type { LaneLoss } from '../../../collector/agent/spool/lane.ts'
import {
  type LaneName,
  laneNames,
  openSpool,
  type Spool,
  stateLaneNames,
} from '../../../collector/agent/spool/spool.ts'
import { systemClock } from '../../../collector/std/clock.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { root, startNode, type TempDirectory, tempDirectory } from '../../support/processes.ts'

let directory: TempDirectory
const opened: Spool[] = []
beforeEach(() => {
  directory = tempDirectory('spool')
})
afterEach(async () => {
  for (const spool of opened.splice(0)) await spool.close().catch(() => {})
  directory.remove()
})

const MiB = 1024 * 1024

async function open(
  disk: SpoolDisk = systemDisk,
  bytesMax = 64 * MiB,
  lanes: readonly LaneName[] = laneNames,
) {
  const losses: (LaneLoss & { lane: string })[] = []
  const spool = await openSpool(
    { disk, clock: systemClock, log: silentLog, onLoss: (lane, loss) => losses.push({ lane, ...loss }) },
    { directory: directory.path, bytesMax, lanes, syncWindowMs: 0, cursorIntervalMs: 0 },
  )
  opened.push(spool)
  const put = (content: string | Buffer, lane: 'kube' | 'traces' = 'kube') =>
    spool.lanes[lane]?.append({ signal: 'logs', parts: [{ pieces: [Buffer.from(content)], items: 1 }] })
  async function take(): Promise<string> {
    const batch = await spool.lanes.kube.next(new AbortController().signal)
    if (!batch) throw new Error('the lane is closed')
    spool.lanes.kube.acknowledge(batch)
    return batch.id
  }
  return { ...spool, losses, put, take }
}

/** The real disk, whose writes fail as those of a file system that turned read-only. */
function createReadOnlyAfterwards(): SpoolDisk & { readOnly: boolean } {
  const refuse = () => {
    if (disk.readOnly) throw Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS' })
  }
  const disk = {
    ...systemDisk,
    readOnly: false,
    async create(path: string) {
      refuse()
      const file = await systemDisk.create(path)
      return {
        ...file,
        write: async (bytes: Uint8Array, at: number) => {
          refuse()
          await file.write(bytes, at)
        },
      }
    },
    async replaceFile(path: string, bytes: Uint8Array) {
      refuse()
      await systemDisk.replaceFile(path, bytes)
    },
  }
  return disk
}

describe('the spool', () => {
  test('a second agent in the directory of a running one is refused, in words', async () => {
    const first = await open()
    await expect(open()).rejects.toThrow(`cannot open the spool in ${directory.path}: another agent uses it`)
    expect(await first.put('a')).toEqual({ type: 'kept' })
    await first.close()
    await expect(open()).resolves.toBeDefined()
  })

  test('the directory of a killed agent is free at once, and what it kept is there', async () => {
    const program = join(directory.path, '..', `keep-${process.pid}.mts`)
    writeFileSync(
      program,
      `import { openSpool } from '${root}/collector/agent/spool/spool.ts'
       import { systemDisk } from '${root}/collector/agent/spool/disk.ts'
       import { systemClock } from '${root}/collector/std/clock.ts'
       import { silentLog } from '${root}/collector/std/log.ts'
       const spool = await openSpool(
         { disk: systemDisk, clock: systemClock, log: silentLog, onLoss: () => {} },
         { directory: ${JSON.stringify(directory.path)}, bytesMax: 67108864, syncWindowMs: 0, cursorIntervalMs: 0 },
       )
       await spool.lanes.kube.append({ signal: 'logs', parts: [{ pieces: [Buffer.from('a')], items: 1 }] })
       process.kill(process.pid, 'SIGKILL')`,
    )
    await startNode([program]).exited
    rmSync(program)
    expect(existsSync(join(directory.path, 'lock'))).toBe(true)
    const spool = await open()
    expect(spool.lanes.kube.state().recoveredItems).toEqual({ logs: 1 })
  })

  test('a directory that cannot be written is one clear sentence', async () => {
    const file = join(directory.path, 'file')
    writeFileSync(file, '')
    const config = {
      directory: join(file, 'spool'),
      bytesMax: 64 * MiB,
      syncWindowMs: 0,
      cursorIntervalMs: 0,
    }
    const deps = { disk: systemDisk, clock: systemClock, log: silentLog, onLoss: () => {} }
    await expect(openSpool(deps, config)).rejects.toThrow(`cannot open the spool in ${file}/spool: ENOTDIR`)
  })

  const asNobody = process.getuid?.() === 0 && spawnSync('setpriv', ['--version']).status === 0
  test.skipIf(!asNobody)('a directory without the right to write is refused in words', () => {
    chmodSync(directory.path, 0o555)
    const script = `import('${root}/collector/agent/spool/spool.ts').then(async ({ openSpool }) => {
      const { systemDisk } = await import('${root}/collector/agent/spool/disk.ts')
      await openSpool({ disk: systemDisk, clock: { nowMs: Date.now }, log: {}, onLoss() {} },
        { directory: '${directory.path}', bytesMax: 67108864, syncWindowMs: 0, cursorIntervalMs: 0 })
    }).catch((error) => console.log(error.message))`
    const run = spawnSync(
      'setpriv',
      ['--reuid=65534', '--clear-groups', process.execPath, '--input-type=module', '-e', script],
      { encoding: 'utf8' },
    )
    expect(run.stdout).toMatch(/^cannot open the spool in .*: EACCES/)
  })

  test('a disk that turns read-only: appends answer so, what is there is sent, and it goes on when that is over', async () => {
    const disk = createReadOnlyAfterwards()
    const spool = await open(disk)
    expect(await spool.put('a')).toEqual({ type: 'kept' })
    disk.readOnly = true
    expect(await spool.put('b')).toMatchObject({ type: 'failed', full: false })
    expect(spool.lanes.kube.state().failure).toContain('EROFS')
    await spool.take()
    disk.readOnly = false
    expect(await spool.put('c')).toEqual({ type: 'kept' })
    expect(spool.lanes.kube.state()).toMatchObject({ batches: 1, failure: undefined })
  })

  test('a directory that is taken away: nothing is promised in the file that is gone, then a new one is made', async () => {
    const spool = await open()
    expect(await spool.put('a')).toEqual({ type: 'kept' })
    rmSync(directory.path, { recursive: true })
    expect(await spool.put('b')).toMatchObject({ type: 'failed', message: expect.stringMatching(/is gone$/) })
    expect(await spool.put('c')).toEqual({ type: 'kept' })
    expect(readdirSync(join(directory.path, 'kube'))).toContain('0000000000000002.segment')
    const ids = [await spool.take(), await spool.take()]
    expect(new Set(ids).size).toBe(2)
    expect(spool.lanes.kube.state()).toMatchObject({ batches: 0 })
    expect(spool.losses).toEqual([])
  })

  test("at the cap a lane loses its own oldest, counted by lane, and no other lane's", async () => {
    const spool = await open(systemDisk, 2 * MiB)
    await spool.put('pods')
    for (let index = 0; index < 12; index++)
      expect(await spool.put(randomBytes(100 * 1024), 'traces')).toEqual({ type: 'kept' })
    const lost = spool.losses.reduce((sum, { items }) => sum + items, 0)
    expect(lost).toBeGreaterThan(0)
    expect(new Set(spool.losses.map(({ lane, reason }) => `${lane} ${reason}`))).toEqual(
      new Set(['traces full']),
    )
    expect((spool.lanes.traces?.state().batches ?? 0) + lost).toBe(12)
    expect(spool.lanes.kube.state().batches).toBe(1)
  })

  test('lanes that are not wanted are not opened, and theirs of the cap is shared by the others; what they hold is delivered first', async () => {
    const before = await open()
    await before.put('spans', 'traces')
    await before.close()
    const leftover = await open(systemDisk, 64 * MiB, stateLaneNames)
    expect(Object.keys(leftover.lanes)).toEqual(['kube', 'metrics', 'traces'])
    const batch = await leftover.lanes.traces?.next(new AbortController().signal)
    expect(batch).toMatchObject({ items: 1, resend: true })
    if (batch) leftover.lanes.traces?.acknowledge(batch)
    await leftover.close()
    const spool = await open(systemDisk, 4 * MiB, stateLaneNames)
    expect(Object.keys(spool.lanes)).toEqual(['kube', 'metrics'])
    // A fifth of the cap with all lanes open, half of it now.
    for (let index = 0; index < 15; index++) await spool.put(randomBytes(100 * 1024))
    expect(spool.losses).toEqual([])
  })
})
