import type { Query } from './query.ts'

/** The objectives as rows, for a panel: the API has them from store/slos.ts. */
export function sloDefinitionsQuery(): Query {
  const text = (name: string) => `JSONExtractString(json, '${name}') AS ${name}`
  return {
    sql: `
SELECT
  sloId, ${['name', 'application', 'service', 'transaction', 'objective'].map(text).join(', ')},
  JSONExtractFloat(json, 'thresholdMs') AS thresholdMs, JSONExtractFloat(json, 'target') AS target,
  JSONExtractInt(json, 'windowDays') AS windowDays
FROM (
  SELECT slo_id AS sloId, argMax(definition, version) AS json FROM slos GROUP BY slo_id HAVING json != ''
)
ORDER BY application, name`,
    params: {},
  }
}
