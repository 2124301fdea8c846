import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { readBody, spillBody } from './body.ts'
import { type Parameters, Refusal } from './protocol.ts'
import { quote } from './sql-text.ts'
import { type InsertData, readStatement, type Work } from './statement.ts'

/** A statement as the engine shall run it. */
export interface Prepared {
  readonly sql: string
  readonly lane: 'insert' | Work
  /** Of the answer, unless the statement says otherwise. */
  readonly format: string
  /** Of the rows that came along. */
  readonly bytes: number
  /** Deletes the file with the rows. */
  remove(): Promise<void>
}

export interface PrepareDeps {
  /** Where the rows of inserts are put for the engine to read. */
  readonly spillDir: string
  /** Inflated bytes of one request body. */
  readonly bodyBytesMax: number
}

/** Takes the statement from the URL or the body, and the rows of an INSERT into a file that the engine can read. */
export async function prepare(
  deps: PrepareDeps,
  request: IncomingMessage,
  parameters: Parameters,
): Promise<Prepared> {
  if (/^multipart\//.test(request.headers['content-type'] ?? '')) {
    throw new Refusal(501, 48, 'External tables are not supported by the embedded engine. (NOT_IMPLEMENTED)')
  }
  const inUrl = readStatement(parameters.query)
  if (inUrl.type === 'insert-data') {
    const first = Buffer.from(parameters.query.slice(inUrl.dataAt))
    return prepareInsert(deps, inUrl, first, request)
  }
  const body = request.method === 'POST' ? await readBody(request, deps.bodyBytesMax) : Buffer.alloc(0)
  const bytes = parameters.query ? Buffer.concat([Buffer.from(`${parameters.query}\n`), body]) : body
  // Read as Latin-1, one character a byte: rows may be binary, and `dataAt` counts bytes.
  const statement = readStatement(bytes.toString('latin1'))
  switch (statement.type) {
    case 'empty':
      throw new Refusal(400, 62, 'Syntax error: Empty query. (SYNTAX_ERROR)')
    case 'multiple':
      throw new Refusal(400, 62, 'Syntax error (Multi-statements are not allowed). (SYNTAX_ERROR)')
    case 'file-clause':
      throw new Refusal(500, 358, `${statement.clause} is not allowed. (INTO_OUTFILE_NOT_ALLOWED)`)
    case 'insert-data':
      return prepareInsert(deps, decoded(statement), bytes.subarray(statement.dataAt), undefined)
    case 'query': {
      const { format = parameters.defaultFormat, work: lane } = statement
      return { sql: bytes.toString('utf8'), lane, format, bytes: 0, remove: async () => {} }
    }
  }
}

const latin1ToUtf8 = (text: string) => Buffer.from(text, 'latin1').toString('utf8')
const decoded = (statement: InsertData): InsertData => ({
  ...statement,
  head: latin1ToUtf8(statement.head),
  settings: latin1ToUtf8(statement.settings),
})

/**
 * The engine as a library parses the rows inside a statement only in text formats (and silently takes a part of binary
 * ones), but FROM INFILE parses every format and keeps column lists, defaults and the settings of a server's INSERT.
 */
async function prepareInsert(
  deps: PrepareDeps,
  { head, settings, format }: InsertData,
  first: Uint8Array,
  request: IncomingMessage | undefined,
): Promise<Prepared> {
  const spilled = await spillBody({
    path: join(deps.spillDir, randomUUID()),
    first,
    request,
    bytesMax: deps.bodyBytesMax,
  })
  return {
    sql: `${head} FROM INFILE ${quote(spilled.path)} COMPRESSION 'none' ${settings} FORMAT ${format}`,
    lane: 'insert',
    format: 'Null',
    bytes: spilled.bytes,
    remove: spilled.remove,
  }
}
