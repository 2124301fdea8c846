import { access, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { lockDirectory } from './lock.ts'

/** One open file of the spool. Every method may throw what the operating system says (ENOSPC, EIO). */
export interface SpoolFile {
  /** Writes all bytes at the position, or throws having written some of them. */
  write(bytes: Uint8Array, position: number): Promise<void>
  /** Up to `length` bytes; fewer at the end of the file. */
  read(length: number, position: number): Promise<Buffer>
  sync(): Promise<void>
  truncate(length: number): Promise<void>
  close(): Promise<void>
}

/** What the spool needs of a file system: a seam so that tests can fill it up, tear it and break it. */
export interface SpoolDisk {
  makeDirectory(path: string): Promise<void>
  /** File names; [] when the directory is not there. */
  list(directory: string): Promise<string[]>
  create(path: string): Promise<SpoolFile>
  openExisting(path: string): Promise<SpoolFile>
  isThere(path: string): Promise<boolean>
  /** Takes the directory for this process, until the returned function is called; throws when another has it. */
  lock(directory: string): Promise<() => Promise<void>>
  /** Undefined when it is not there. */
  readFile(path: string): Promise<Buffer | undefined>
  /** Either the old or the new content is there afterwards, whatever happens. */
  replaceFile(path: string, bytes: Uint8Array): Promise<void>
  rename(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  /** Makes created, renamed and removed names durable. */
  syncDirectory(path: string): Promise<void>
}

export const systemDisk: SpoolDisk = {
  makeDirectory: async (path) => {
    await mkdir(path, { recursive: true })
  },
  list: (directory) => readdir(directory).catch(absent([])),
  create: (path) => openFile(path, 'wx+'),
  openExisting: (path) => openFile(path, 'r+'),
  isThere: (path) =>
    access(path).then(
      () => true,
      () => false,
    ),
  lock: lockDirectory,
  readFile: (path) => readFile(path).catch(absent(undefined)),
  replaceFile: async (path, bytes) => {
    const temporary = `${path}.new`
    const file = await openFile(temporary, 'w+')
    try {
      await file.write(bytes, 0)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  },
  rename,
  remove: (path) => rm(path, { force: true }),
  syncDirectory: async (path) => {
    const directory = await open(path, 'r')
    try {
      await directory.sync()
    } finally {
      await directory.close()
    }
  },
}

async function openFile(path: string, flags: string): Promise<SpoolFile> {
  const handle = await open(path, flags, 0o600)
  return {
    async write(bytes, position) {
      for (let done = 0; done < bytes.length; ) {
        done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten
      }
    },
    async read(length, position) {
      const bytes = Buffer.allocUnsafe(length)
      let done = 0
      while (done < length) {
        const { bytesRead } = await handle.read(bytes, done, length - done, position + done)
        if (bytesRead === 0) break
        done += bytesRead
      }
      return bytes.subarray(0, done)
    },
    sync: () => handle.datasync(),
    truncate: (length) => handle.truncate(length),
    close: () => handle.close(),
  }
}

function absent<T>(value: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT') return value
    throw error
  }
}
