/** A ClickHouse string literal. */
export function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

export interface Token {
  readonly text: string
  readonly start: number
  readonly end: number
}

const tokenPattern =
  /\s+|--[^\n]*|#[ !][^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\]|\\[\s\S]|'')*'|"(?:[^"\\]|\\[\s\S]|"")*"|`(?:[^`\\]|\\[\s\S]|``)*`|[A-Za-z_][A-Za-z0-9_]*|\d+|[\s\S]/y

/** Tokens outside of any brackets; of a bracketed group only the opening bracket. Space and comments are passed over. */
export function* topLevelTokens(sql: string): Generator<Token> {
  let depth = 0
  for (let at = 0; at < sql.length; ) {
    tokenPattern.lastIndex = at
    const text = tokenPattern.exec(sql)?.[0] ?? sql.charAt(at)
    const start = at
    at += text.length
    if (/^(\s|--|#[ !]|\/\*)/.test(text)) continue
    if (text === ')' || text === ']' || text === '}') depth--
    else {
      if (depth === 0 || text === ';') yield { text, start, end: at }
      if (text === '(' || text === '[' || text === '{') depth++
    }
  }
}
