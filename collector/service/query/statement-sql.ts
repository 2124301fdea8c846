/**
 * Statements are told apart by their text without literals, as ClickHouse's normalizeQuery (a pure function) gives it: `id = 5`
 * is `id = ?`, `IN (1, 2, 3)` is `IN (?..)`. A span without a statement stands under its operation. Text beyond the first
 * `statementCharsMax` bytes is not looked at.
 */
const statementCharsMax = 4_096
export const statementText = `normalizeQuery(substring(if(db_statement = '', toString(operation), db_statement), 1, ${statementCharsMax}))`
export const statementHash = `cityHash64(${statementText})`

export const isDatabaseCall = "(kind IN (3, 4) AND db_system != '' AND NOT sidecar)"
