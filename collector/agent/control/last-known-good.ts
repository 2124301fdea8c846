import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { type Static, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { errorText } from '../../std/assert.ts'
import type { Log } from '../../std/log.ts'

/**
 * The remote configuration that was last applied, on disk beside the spool, so that an agent that starts while the service
 * is away goes on as it was. Replaced atomically; a file that is damaged is as good as none.
 */
export interface LastKnownGood {
  load(): Promise<Applied | undefined>
  /** A disk that takes nothing costs a warning: the service offers the configuration again after the next start. */
  save(applied: Applied): Promise<void>
}

export interface Applied {
  readonly hash: string
  readonly body: string
}

export interface LastKnownGoodDeps {
  readonly disk: {
    readFile(path: string): Promise<Buffer | undefined>
    replaceFile(path: string, bytes: Uint8Array): Promise<void>
    syncDirectory(path: string): Promise<void>
  }
  readonly log: Log
}

const File = Type.Object({ checksum: Type.String(), hash: Type.String(), body: Type.String() })
const fileCheck = Compile(File)

export function createLastKnownGood(
  { disk, log }: LastKnownGoodDeps,
  { directory }: { readonly directory: string },
): LastKnownGood {
  const path = join(directory, 'remote-config.json')
  return {
    async load() {
      try {
        const text = (await disk.readFile(path))?.toString('utf8')
        if (text === undefined) return undefined
        const file: unknown = JSON.parse(text)
        if (!fileCheck.Check(file) || file.checksum !== checksumOf(file)) throw new Error('it is damaged')
        return { hash: file.hash, body: file.body }
      } catch (error) {
        log.warn({ path, cause: errorText(error) }, 'cannot use the last remote configuration')
        return undefined
      }
    },
    async save(applied) {
      try {
        const file: Static<typeof File> = { checksum: checksumOf(applied), ...applied }
        await disk.replaceFile(path, Buffer.from(JSON.stringify(file)))
        await disk.syncDirectory(directory)
      } catch (error) {
        log.warn({ path, cause: errorText(error) }, 'cannot keep the remote configuration')
      }
    },
  }
}

function checksumOf({ hash, body }: Applied): string {
  return createHash('sha256').update(hash).update('\n').update(body).digest('hex')
}
