import { type Token, topLevelTokens } from './sql-text.ts'

/**
 * Just enough reading of SQL to serve ClickHouse's HTTP protocol: where the data of an INSERT begins, which FORMAT a
 * query ends in, what kind of work it is and whether there is more than one statement. The engine does the parsing.
 */
export type Statement =
  | InsertData
  /** `format`: of a FORMAT clause. */
  | { readonly type: 'query'; readonly format: string | undefined; readonly work: Work }
  | { readonly type: 'empty' }
  | { readonly type: 'multiple' }
  /** Reads or writes a file of the server, as only a local client may. */
  | { readonly type: 'file-clause'; readonly clause: string }

/** An INSERT whose rows follow it. `settings` is its SETTINGS clause or empty; the rows begin at `dataAt` of the text. */
export interface InsertData {
  readonly type: 'insert-data'
  readonly head: string
  readonly settings: string
  readonly format: string
  readonly dataAt: number
}

/** `read` cannot change anything and may be cancelled; `control` ends other statements; `change` is everything else. */
export type Work = 'read' | 'change' | 'control'

const readingWords = new Set(['SELECT', 'WITH', 'FROM', 'SHOW', 'DESCRIBE', 'DESC', 'EXISTS', 'EXPLAIN', '('])

export function readStatement(sql: string): Statement {
  const tokens = topLevelTokens(sql)
  const first = tokens.next()
  if (first.done || first.value.text === ';') return { type: 'empty' }
  return isWord(first.value, 'INSERT')
    ? readInsert(sql, tokens)
    : readQuery(first.value, [first.value, ...tokens])
}

function readInsert(sql: string, tokens: Iterator<Token>): Statement {
  let token = next(tokens)
  for (const word of ['INTO', 'TABLE', 'FUNCTION']) if (isWord(token, word)) token = next(tokens)
  // The name of the table, so that a table called `values` or `format` is not taken for a keyword.
  token = next(tokens)
  while (token?.text === '.') {
    next(tokens)
    token = next(tokens)
  }
  let settings: Token | undefined
  for (; token; token = next(tokens)) {
    if (isWord(token, 'SELECT', 'WITH', 'WATCH', 'EXPLAIN')) return change(sql)
    if (isWord(token, 'INFILE')) return { type: 'file-clause', clause: 'FROM INFILE' }
    if (isWord(token, 'SETTINGS')) settings ??= token
    if (isWord(token, 'VALUES')) return insertData(sql, token, settings, { text: 'Values', end: token.end })
    if (isWord(token, 'FORMAT')) {
      const name = next(tokens)
      if (name) return insertData(sql, token, settings, name)
    }
  }
  return change(sql)
}

/** An INSERT without rows of its own (or one that the engine shall complain about). */
function change(sql: string): Statement {
  return hasSecondStatement([...topLevelTokens(sql)])
    ? { type: 'multiple' }
    : { type: 'query', format: undefined, work: 'change' }
}

function insertData(
  sql: string,
  keyword: Token,
  settings: Token | undefined,
  format: { readonly text: string; readonly end: number },
): InsertData {
  // Blanks, one semicolon and one line end after the format name belong to the statement, not to the rows.
  const gap = /^[ \t\f]*;?[ \t\f]*(?:\r?\n)?/.exec(sql.slice(format.end, format.end + 1_000))?.[0].length ?? 0
  return {
    type: 'insert-data',
    head: sql.slice(0, settings?.start ?? keyword.start),
    settings: settings ? sql.slice(settings.start, keyword.start) : '',
    format: format.text,
    dataAt: format.end + (format.text === 'Values' ? 0 : gap),
  }
}

function readQuery(first: Token, tokens: readonly Token[]): Statement {
  if (hasSecondStatement(tokens)) return { type: 'multiple' }
  if (tokens.some((token, at) => isWord(token, 'OUTFILE') && isWord(tokens[at - 1], 'INTO'))) {
    return { type: 'file-clause', clause: 'INTO OUTFILE' }
  }
  return { type: 'query', format: formatOf(tokens), work: workOf(first, tokens) }
}

function workOf(first: Token, tokens: readonly Token[]): Work {
  if (isWord(first, 'KILL')) return 'control'
  const reads = readingWords.has(first.text.toUpperCase())
  return reads && !(isWord(first, 'WITH') && tokens.some((token) => isWord(token, 'INSERT')))
    ? 'read'
    : 'change'
}

/** FORMAT is a clause only at the end: it may also be the name of a column. */
function formatOf(tokens: readonly Token[]): string | undefined {
  for (let at = tokens.length - 2; at > 0; at--) {
    const after = tokens[at + 2]
    if (!isWord(tokens[at], 'FORMAT')) continue
    // A table may be called settings: the clause goes on with `name =`.
    const settings = isWord(after, 'SETTINGS') && tokens[at + 4]?.text === '='
    if (!after || after.text === ';' || settings) return tokens[at + 1]?.text
  }
  return undefined
}

function hasSecondStatement(tokens: readonly Token[]): boolean {
  const end = tokens.findIndex((token) => token.text === ';')
  return end >= 0 && tokens.slice(end).some((token) => token.text !== ';')
}

function isWord(token: Token | undefined, ...words: readonly string[]): boolean {
  return token !== undefined && words.includes(token.text.toUpperCase())
}

function next(tokens: Iterator<Token>): Token | undefined {
  const { done, value } = tokens.next()
  return done ? undefined : value
}
