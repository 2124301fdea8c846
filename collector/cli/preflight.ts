import { accessSync, constants, mkdirSync, statfsSync } from 'node:fs'
import { createServer } from 'node:net'
import { errorText } from '../std/assert.ts'

export interface PortNeed {
  readonly host: string
  readonly port: number
  readonly use: string
  /** The option that changes it. */
  readonly option: string
}

/** One sentence for each port that cannot be had, or []. */
export async function portProblems(needs: readonly PortNeed[]): Promise<string[]> {
  const problems = await Promise.all(
    needs.map(async ({ host, port, use, option }) => {
      const code = await tryListen(host, port)
      if (code === undefined) return []
      const why = code === 'EADDRINUSE' ? 'is in use' : `cannot be opened (${code})`
      return [`Port ${port} (${use}) ${why}: free it, or choose another with ${option}.`]
    }),
  )
  return problems.flat()
}

function tryListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
}

/** One sentence when the directory cannot be used, or undefined. */
export function directoryProblem(directory: string, freeBytesMin: number): string | undefined {
  try {
    mkdirSync(directory, { recursive: true })
    accessSync(directory, constants.W_OK)
    const { bavail, bsize } = statfsSync(directory)
    if (bavail * bsize >= freeBytesMin) return undefined
    return `${directory} has ${mib(bavail * bsize)} MiB free and ${mib(freeBytesMin)} MiB are needed: free some space, or choose another place with --data-dir.`
  } catch (error) {
    return `Cannot write to ${directory}: ${errorText(error)}.`
  }
}

const mib = (bytes: number) => Math.round(bytes / 1024 ** 2)
