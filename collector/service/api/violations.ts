import type { Evidence } from '../../record/violation.ts'
import type { Range } from '../query/query.ts'
import { type ViolationFilter, type ViolationListRow, violationsQuery } from '../query/violations.ts'
import { type Ask, asker } from './ask.ts'
import { type ApiDeps, type ApiInstance, answers } from './route-types.ts'
import { ViolationList, ViolationQuery, type ViolationRow } from './schema/violations.ts'
import { parseRange } from './time.ts'

export function registerViolationRoutes(app: ApiInstance, { store, nowMs }: ApiDeps): void {
  app.get(
    '/violations',
    { schema: { tags: ['alerts'], querystring: ViolationQuery, response: answers(ViolationList) } },
    async (request, reply) => {
      const { application = '', service = '', transaction = '' } = request.query
      const range = parseRange(request.query, nowMs())
      const filter = { application, service, transaction }
      return { violations: await violationsOf(asker(store, request, reply), range, filter) }
    },
  )
}

export async function violationsOf(
  ask: Ask,
  range: Range,
  filter: ViolationFilter = {},
): Promise<ViolationRow[]> {
  const rows = await ask<ViolationListRow>(violationsQuery(range, filter))
  return rows.map((row) => ({
    ...row,
    // Only health rules write it.
    evidence: row.evidence === '' ? null : (JSON.parse(row.evidence) as Evidence),
  }))
}
