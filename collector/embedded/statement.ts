/**
 * Just enough SQL reading to serve ClickHouse's HTTP protocol: where an INSERT's inline data begins, which FORMAT a query
 * ends in, and whether there is more than one statement. Strings, quoted names, comments and parentheses are skipped over.
 */
export type Statement =
  /** `head` ends before FORMAT; the data begins at `dataAt` of the text and goes on with the request body. */
  | { readonly type: 'insert-data'; readonly head: string; readonly format: string; readonly dataAt: number }
  | { readonly type: 'query'; readonly format: string | undefined; readonly readOnly: boolean }
  | { readonly type: 'multiple' }
  | { readonly type: 'empty' }

interface Token {
  readonly text: string
  readonly start: number
  readonly end: number
}

export function readStatement(sql: string): Statement {
  let first: string | undefined
  let format: { readonly token: Token; readonly name: Token } | undefined
  let pendingFormat: Token | undefined
  for (const token of topLevelTokens(sql)) {
    const upper = token.text.toUpperCase()
    if (token.text === ';') {
      if (/\S/.test(withoutComments(sql.slice(token.end)))) return { type: 'multiple' }
      break
    }
    first ??= upper
    if (pendingFormat) {
      format = { token: pendingFormat, name: token }
      pendingFormat = undefined
      if (first === 'INSERT') return insertData(sql, format)
    } else if (upper === 'FORMAT') pendingFormat = token
    if (first === 'INSERT' && ['SELECT', 'WITH', 'VALUES', 'INFILE'].includes(upper)) {
      return { type: 'query', format: undefined, readOnly: false }
    }
  }
  if (first === undefined) return { type: 'empty' }
  const readOnly = ['SELECT', 'WITH', 'SHOW', 'DESCRIBE', 'DESC', 'EXISTS', 'EXPLAIN', '('].includes(first)
  return { type: 'query', format: format?.name.text, readOnly }
}

function insertData(sql: string, format: { readonly token: Token; readonly name: Token }): Statement {
  // One line end after the format name belongs to the statement, not to the data.
  const rest = /^[ \t]*(?:\r?\n)?/.exec(sql.slice(format.name.end))?.[0].length ?? 0
  return {
    type: 'insert-data',
    head: sql.slice(0, format.token.start),
    format: format.name.text,
    dataAt: format.name.end + rest,
  }
}

const tokenPattern =
  /\s+|--[^\n]*|#![^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\]|\\[\s\S]|'')*'|"(?:[^"\\]|\\[\s\S]|"")*"|`(?:[^`\\]|\\[\s\S]|``)*`|[A-Za-z_][A-Za-z0-9_]*|\d+|[\s\S]/y

/** Tokens outside of any parentheses; a bracketed group is passed over, its opening bracket is a token. */
function* topLevelTokens(sql: string): Generator<Token> {
  tokenPattern.lastIndex = 0
  let depth = 0
  for (let at = 0; at < sql.length; ) {
    tokenPattern.lastIndex = at
    const text = tokenPattern.exec(sql)?.[0] ?? sql[at] ?? ''
    const start = at
    at += text.length
    if (/^(\s|--|#!|\/\*)/.test(text)) continue
    if (')]}'.includes(text)) depth--
    if (depth === 0 || text === ';') yield { text, start, end: at }
    if ('([{'.includes(text)) depth++
  }
}

function withoutComments(sql: string): string {
  return sql.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, '')
}

/** A ClickHouse string literal. */
export function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
