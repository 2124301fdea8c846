import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

export interface ChartFile {
  /** Below the folder of the chart, with slashes. */
  readonly path: string
  readonly content: Buffer
}

/** The files of a chart, sorted; what begins with a dot is no part of it. */
export function chartFiles(folder: string): ChartFile[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .map((path) => ({ path: path.slice(folder.length + 1).replaceAll('\\', '/'), file: path }))
    .filter(({ path }) => !path.split('/').some((part) => part.startsWith('.')))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ path, file }) => ({ path, content: readFileSync(file) }))
}

/**
 * A chart as `helm package` makes it, but of the same files always the same bytes: sorted, of nobody, of one time, which
 * `helm package` leaves to the clock. A gzip'ed tar in the ustar format (POSIX.1-1988); Chart.yaml comes first, as Helm reads it.
 */
export function pack(name: string, files: readonly ChartFile[], timeSeconds: number): Buffer {
  const first = files.filter(({ path }) => path === 'Chart.yaml')
  const others = files.filter(({ path }) => path !== 'Chart.yaml')
  const blocks = [...first, ...others].flatMap(({ path, content }) => [
    header(`${name}/${path}`, content.length, timeSeconds),
    content,
    Buffer.alloc(padding(content.length)),
  ])
  const packed = gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * blockBytes)]), { level: 9 })
  // The operating system that it was made on: unknown.
  packed[9] = 255
  return packed
}

export const digestOf = (packed: Buffer): string => createHash('sha256').update(packed).digest('hex')

const blockBytes = 512
const padding = (length: number) => (blockBytes - (length % blockBytes)) % blockBytes

function header(path: string, size: number, timeSeconds: number): Buffer {
  if (Buffer.byteLength(path) > 100) throw new Error(`cannot pack ${path}: its name is longer than 100 bytes`)
  const block = Buffer.alloc(blockBytes)
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0')
  const put = (text: string, at: number) => block.write(text, at, 'utf8')
  put(path, 0)
  put(octal(0o644, 7), 100)
  put(octal(0, 7), 108)
  put(octal(0, 7), 116)
  put(octal(size, 11), 124)
  put(octal(timeSeconds, 11), 136)
  put(' '.repeat(8), 148)
  put('0', 156)
  put('ustar\u000000', 257)
  const checksum = block.reduce((sum, byte) => sum + byte, 0)
  put(`${octal(checksum, 6)}\0 `, 148)
  return block
}
