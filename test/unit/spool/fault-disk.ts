import { dirname } from 'node:path'
import type { SpoolDisk, SpoolFile } from '../../../collector/agent/spool/disk.ts'

/**
 * A disk in memory with the promises of a real one and no more: what was not synced may be gone, cut off or zeroed after
 * a crash, names that were not synced may be missing or back. It can be full and it can fail.
 */
export interface FaultDisk extends SpoolDisk {
  /** Power off: what comes back is drawn with `random`. */
  crash(random: () => number): void
  /** Bytes that still fit. */
  freeBytes: number
  /** Called before every write and sync; may throw. */
  fault: (operation: 'write' | 'sync' | 'truncate') => void
  files(): string[]
  /** Changes bytes behind the spool's back. */
  damage(path: string, change: (bytes: Buffer) => Buffer): void
}

interface Inode {
  content: Buffer
  durable: Buffer
}

export function createFaultDisk(): FaultDisk {
  let names = new Map<string, Inode>()
  let durableNames = new Map<string, Inode>()
  let life = 0

  const failure = (code: string) => Object.assign(new Error(`${code}: injected`), { code })

  function open(inode: Inode): SpoolFile {
    const born = life
    const alive = () => {
      if (born !== life) throw failure('EBADF')
    }
    return {
      async write(bytes, position) {
        alive()
        disk.fault('write')
        const growth = Math.max(0, position + bytes.length - inode.content.length)
        const fitting = growth > disk.freeBytes ? bytes.length - (growth - disk.freeBytes) : bytes.length
        const end = Math.max(inode.content.length, position + fitting)
        disk.freeBytes -= end - inode.content.length
        const grown = Buffer.alloc(end)
        inode.content.copy(grown)
        grown.set(bytes.subarray(0, fitting), position)
        inode.content = grown
        if (fitting < bytes.length) throw failure('ENOSPC')
      },
      async read(length, position) {
        alive()
        return Buffer.from(inode.content.subarray(position, position + length))
      },
      async sync() {
        alive()
        disk.fault('sync')
        inode.durable = Buffer.from(inode.content)
      },
      async truncate(length) {
        alive()
        disk.fault('truncate')
        disk.freeBytes += inode.content.length - length
        inode.content = Buffer.from(inode.content.subarray(0, length))
      },
      async close() {},
    }
  }

  function tornVersion(inode: Inode, random: () => number): Buffer {
    const { content, durable } = inode
    const keep = durable.length + Math.floor(random() * (Math.max(0, content.length - durable.length) + 1))
    const torn = Buffer.from(content.subarray(0, keep))
    durable.copy(torn)
    if (keep > durable.length && random() < 0.3)
      torn.fill(0, durable.length + Math.floor(random() * (keep - durable.length)))
    return torn
  }

  const disk: FaultDisk = {
    freeBytes: Number.POSITIVE_INFINITY,
    fault: () => {},
    makeDirectory: async () => {},
    list: async (directory) =>
      [...names.keys()]
        .filter((path) => dirname(path) === directory)
        .map((path) => path.slice(directory.length + 1)),
    async create(path) {
      if (names.has(path)) throw failure('EEXIST')
      const inode = { content: Buffer.alloc(0), durable: Buffer.alloc(0) }
      names.set(path, inode)
      return open(inode)
    },
    async openExisting(path) {
      const inode = names.get(path)
      if (!inode) throw failure('ENOENT')
      return open(inode)
    },
    isThere: async (path) => names.has(path),
    lock: async () => async () => {},
    readFile: async (path) => {
      const inode = names.get(path)
      return inode && Buffer.from(inode.content)
    },
    async replaceFile(path, bytes) {
      disk.fault('write')
      names.set(path, { content: Buffer.from(bytes), durable: Buffer.from(bytes) })
    },
    async rename(from, to) {
      const inode = names.get(from)
      if (!inode) throw failure('ENOENT')
      names.delete(from)
      names.set(to, inode)
    },
    async remove(path) {
      disk.freeBytes += names.get(path)?.content.length ?? 0
      names.delete(path)
    },
    async syncDirectory(path) {
      for (const map of [names, durableNames])
        for (const name of map.keys()) {
          if (dirname(name) !== path) continue
          const inode = names.get(name)
          if (inode) durableNames.set(name, inode)
          else durableNames.delete(name)
        }
    },
    crash(random) {
      life++
      const after = new Map<string, Inode>()
      for (const path of new Set([...names.keys(), ...durableNames.keys()])) {
        const [now, before] = [names.get(path), durableNames.get(path)]
        const inode = now === before || random() < 0.5 ? now : before
        if (!inode) continue
        const content = tornVersion(inode, random)
        after.set(path, { content, durable: Buffer.from(content) })
      }
      names = after
      durableNames = new Map(after)
    },
    files: () => [...names.keys()].sort(),
    damage(path, change) {
      const inode = names.get(path)
      if (!inode) throw failure('ENOENT')
      inode.content = change(inode.content)
      inode.durable = Buffer.from(inode.content)
    },
  }
  return disk
}
