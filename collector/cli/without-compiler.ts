import { lstatSync, mkdirSync, readdirSync } from 'node:fs'
import { enableCompileCache, flushCompileCache } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Runs this program again in the same process, without what compiled it: Node's TypeScript stripper and what it read cost
 * some 20 MB for as long as a process lives. The first start fills Node's compile cache, from which the last one takes
 * everything; with a cache that is full it costs a tenth of a second. Where it cannot be done, the program goes on as it is.
 *
 *   start ──▶ with the cache ──▶ nothing new in it: goes on
 *                            └─▶ filled ──▶ once more
 */
export async function withoutCompiler(load: () => Promise<unknown>): Promise<void> {
  if (!import.meta.filename.endsWith('.ts')) return // Built: there is nothing to strip.
  const stage = process.env[stageVariable]
  const flags = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].join(' ')
  // A parent's channel, a debugger or a profile would not survive.
  if (process.channel || /--(inspect|cpu-prof|heap-prof)/.test(flags)) return
  if (stage === 'filled' || process.execve === undefined) return
  const cache = process.env['NODE_COMPILE_CACHE'] || ownDirectory()
  if (cache === undefined) return
  const { directory } = enableCompileCache(cache)
  if (directory === undefined) return
  if (stage === undefined) again(cache, 'filling')
  const before = filesIn(directory)
  await load()
  flushCompileCache()
  if (filesIn(directory) > before) again(cache, 'filled')
}

/** Compiled code of somebody else must not run: undefined where the directory is not ours alone. */
function ownDirectory(): string | undefined {
  const uid = process.getuid?.()
  const directory = join(tmpdir(), `binnacle-compile-cache-${uid}`)
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const found = lstatSync(directory)
    return found.isDirectory() && found.uid === uid && (found.mode & 0o022) === 0 ? directory : undefined
  } catch {
    return undefined // A file system that cannot be written to.
  }
}

const stageVariable = 'BINNACLE_COMPILE_STAGE'

function again(cache: string, stage: 'filling' | 'filled'): void {
  const argv = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  process.execve?.(process.execPath, argv, {
    ...process.env,
    NODE_COMPILE_CACHE: cache,
    [stageVariable]: stage,
  })
}

function filesIn(directory: string): number {
  try {
    return readdirSync(directory).length
  } catch {
    return 0 // It is made with its first file.
  }
}
