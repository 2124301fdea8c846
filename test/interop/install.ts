import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../support/processes.ts'

const installTimeoutMs = 120_000
const outputBytesMax = 16 * 2 ** 20

/** Below `.binnacle/interop`, by what was asked for: the files that pin it. */
export function placeOf(name: string, ...pins: string[]): string {
  const hash = createHash('sha256')
  for (const file of pins) hash.update(readFileSync(file))
  return join(root, '.binnacle/interop', `${name}-${hash.digest('hex').slice(0, 12)}`)
}

interface Install {
  /** What is called to see that the toolchain is there, which an earlier install does not prove. */
  readonly tools: readonly (readonly string[])[]
  readonly place: string
}

/** Installs once; a half install is begun anew. */
export async function install(
  { tools, place }: Install,
  steps: () => Promise<void>,
): Promise<{ missing: string } | undefined> {
  const done = join(place, '.installed')
  try {
    for (const [tool = '', ...args] of tools) await run(tool, ...args)
    if (existsSync(done)) return undefined
    rmSync(place, { recursive: true, force: true })
    mkdirSync(place, { recursive: true })
    await steps()
  } catch (error) {
    return { missing: error instanceof Error ? error.message : String(error) }
  }
  writeFileSync(done, '')
  return undefined
}

export function run(command: string, ...args: string[]): Promise<void> {
  return new Promise((done, fail) => {
    const options = { timeout: installTimeoutMs, maxBuffer: outputBytesMax }
    execFile(command, args, options, (error, stdout, stderr) => {
      if (!error) return done()
      const said = `${stdout}${stderr}`.trim().split('\n').slice(-3).join(' ') || error.message
      fail(new Error(`cannot run ${command} ${args[0]}: ${said}`, { cause: error }))
    })
  })
}
