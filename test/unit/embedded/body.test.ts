import { readdirSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BodyTooLarge, spillBody } from '../../../collector/embedded/body.ts'
import { type TempDirectory, tempDirectory } from '../../support/processes.ts'

let directory: TempDirectory
beforeEach(() => {
  directory = tempDirectory('spill')
})
afterEach(() => directory.remove())

/** As much of a request as is read here. */
const requestOf = (body: Readable) => Object.assign(body, { headers: {} }) as Readable & IncomingMessage
const spill = (body: Readable, name = 'rows') =>
  spillBody({
    path: join(directory.path, name),
    first: Buffer.from('1'),
    request: requestOf(body),
    bytesMax: 10,
  })

test('what comes before the body and the body are one file', async () => {
  const spilled = await spill(Readable.from([Buffer.from('23')]))
  expect(spilled.bytes).toBe(3)
  await spilled.remove()
  expect(readdirSync(directory.path)).toEqual([])
})

test('a body that is too large leaves no file', async () => {
  await expect(spill(Readable.from([Buffer.alloc(11)]))).rejects.toThrow(BodyTooLarge)
  expect(readdirSync(directory.path)).toEqual([])
})

test('a body that is cut off before its file is open leaves no file', async () => {
  const cut = Array.from({ length: 50 }, (_, index) => {
    const body = new Readable({ read() {} })
    const spilling = spill(body, String(index))
    body.destroy()
    return spilling
  })
  const ends = await Promise.allSettled(cut)
  expect(new Set(ends.map(({ status }) => status))).toEqual(new Set(['rejected']))
  await new Promise((done) => setImmediate(done))
  expect(readdirSync(directory.path)).toEqual([])
})
