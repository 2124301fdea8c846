/**
 * Statements are told apart by their text without literals, as ClickHouse's normalizeQuery (a pure function) gives it: `id = 5`
 * is `id = ?`, `IN (1, 2, 3)` is `IN (?..)`. A span without a statement stands under its operation. Text beyond the first
 * `statementCharsMax` bytes is not looked at.
 */
const statementCharsMax = 4_096
const normal = (column: string) => `normalizeQuery(substring(${column}, 1, ${statementCharsMax}))`
/** Each column apart: both are dictionaries, of which every text is looked at once and not every row. */
const ofEither = (of: (text: string) => string) =>
  `if(db_statement = '', ${of(normal('operation'))}, ${of(normal('db_statement'))})`
export const statementText = ofEither((text) => `toString(${text})`)
export const statementHash = ofEither((text) => `toUInt64(cityHash64(${text}))`)

export const isDatabaseCall = "(kind IN (3, 4) AND db_system != '' AND NOT sidecar)"
