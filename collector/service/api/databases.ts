import { isCache } from '../../record/backend.ts'
import {
  type DatabaseCallsRow,
  type DatabaseStepRow,
  databaseCalls,
  databaseStepsQuery,
  databasesQuery,
  isStatement,
  openStatementTextQuery,
  type StatementCallerRow,
  type StatementTextRow,
  statementCallersQuery,
  statementTextsQuery,
} from '../query/databases.ts'
import type { Range } from '../query/query.ts'
import { requireApplication } from './applications.ts'
import { type Ask, asker } from './ask.ts'
import { callDetail, minuteSpark } from './call-detail.ts'
import { toRed } from './red.ts'
import { type ApiInstance, ApplicationParams, answers, type RouteDeps } from './route-types.ts'
import { TimeRange } from './schema/common.ts'
import { DatabaseList, StatementCallers, StatementDetail, StatementQuery } from './schema/databases.ts'
import { parseRange, wholeStepMsOf } from './time.ts'

const rowsMax = 500
/** What only raw spans know is looked up in so much of the range at most. */
export const recentMsMax = 3_600_000

export function registerDatabaseRoutes(app: ApiInstance, { store, known, nowMs }: RouteDeps): void {
  const tags = ['applications']
  app.get(
    '/applications/:application/databases',
    {
      schema: {
        tags,
        params: ApplicationParams,
        querystring: TimeRange,
        response: answers(DatabaseList),
      },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const range = await known.rolledUp(ask, parseRange(request.query, nowMs()))
      const scope = { ...range, application: request.params.application }
      const list = await databaseList(ask, scope)
      if (list.databases.length === 0) await requireApplication(ask, scope.application)
      return list
    },
  )
  app.get(
    '/applications/:application/statement',
    {
      schema: {
        tags,
        params: ApplicationParams,
        querystring: StatementQuery,
        response: answers(StatementDetail),
      },
    },
    async (request, reply): Promise<StatementDetail> => {
      const ask = asker(store, request, reply)
      const scope = await known.rolledUp(ask, statementScope(request, nowMs()))
      const [detail, texts] = await Promise.all([
        callDetail(ask, databaseCalls, { scope, narrow: isStatement }),
        ask<StatementTextRow>(statementTextsQuery([scope.hash])),
      ])
      if (detail.red.calls === 0) await requireApplication(ask, scope.application)
      const [text] =
        texts.length > 0 ? texts : await ask<StatementTextRow>(openStatementTextQuery(recent(scope)))
      return { ...detail, statement: text?.statement ?? '' }
    },
  )
  app.get(
    '/applications/:application/statement-callers',
    {
      schema: {
        tags,
        params: ApplicationParams,
        querystring: StatementQuery,
        response: answers(StatementCallers),
      },
    },
    async (request, reply): Promise<StatementCallers> => ({
      callers: await asker(
        store,
        request,
        reply,
      )<StatementCallerRow>(statementCallersQuery(recent(statementScope(request, nowMs())))),
    }),
  )
}

function statementScope(
  { query, params }: { readonly query: StatementQuery; readonly params: { readonly application: string } },
  nowMs: number,
) {
  const { system, peer = '', hash } = query
  return { ...parseRange(query, nowMs), application: params.application, system, peer, hash }
}

const recent = <Scope extends Range>(scope: Scope): Scope => ({
  ...scope,
  fromMs: Math.max(scope.fromMs, scope.toMs - recentMsMax),
})

async function databaseList(ask: Ask, scope: Range & { application: string }): Promise<DatabaseList> {
  const minutes = (scope.toMs - scope.fromMs) / 60_000
  const [rows, steps] = await Promise.all([
    ask<DatabaseCallsRow>(databasesQuery({ ...scope, limit: rowsMax + 1 })),
    ask<DatabaseStepRow>(databaseStepsQuery({ ...scope, stepMs: wholeStepMsOf(scope) })),
  ])
  const level = (name: DatabaseCallsRow['level']) => rows.filter((row) => row.level === name)
  const timeOf = (row: DatabaseCallsRow) => (row.meanMs ?? 0) * row.calls
  const wholeMs = level('database').reduce((sum, row) => sum + timeOf(row), 0)
  const share = (row: DatabaseCallsRow) => (wholeMs === 0 ? 0 : timeOf(row) / wholeMs)
  const statements = level('statement')
  const texts = await textsOf(ask, statements)
  const callersOf = Map.groupBy(level('caller'), keyOf)
  const statementsOf = Map.groupBy(statements, keyOf)
  const stepsOf = Map.groupBy(steps, keyOf)
  return {
    databases: level('database')
      .slice(0, rowsMax)
      .map((row) => ({
        system: row.system,
        peer: row.peer,
        cache: isCache(row.system),
        red: toRed(row, minutes),
        timeShare: share(row),
        statements: statementsOf.get(keyOf(row))?.length ?? 0,
        callers: (callersOf.get(keyOf(row)) ?? []).map((caller) => ({
          service: caller.service,
          red: toRed(caller, minutes),
        })),
        spark: minuteSpark(
          (stepsOf.get(keyOf(row)) ?? []).map(({ timeMs, calls }) => ({ timeMs, value: calls })),
          scope,
        ),
      })),
    statements: statements.slice(0, rowsMax).map((row) => ({
      system: row.system,
      peer: row.peer,
      hash: row.statementHash,
      statement: row.statement || (texts.get(row.statementHash) ?? ''),
      services: [...row.services],
      red: toRed(row, minutes),
      timeShare: share(row),
      sampleTraceId: row.sampleTraceId,
      sampleAtMs: row.sampleAtMs,
    })),
    truncated: statements.length > rowsMax,
  }
}

const keyOf = ({ system, peer }: { system: string; peer: string }) => JSON.stringify([system, peer])

/** Rows from raw spans bring their text, those that are rolled up only its hash. */
async function textsOf(ask: Ask, rows: readonly DatabaseCallsRow[]): Promise<Map<string, string>> {
  const hashes = rows.filter((row) => row.statement === '').map((row) => row.statementHash)
  if (hashes.length === 0) return new Map()
  const found = await ask<StatementTextRow>(statementTextsQuery(hashes))
  return new Map(found.map((row) => [row.statementHash, row.statement]))
}
