import { Type } from 'typebox'
import {
  allSettingsBytesMax,
  type SettingsRow,
  type TransactionSettings,
} from '../../record/transaction-settings.ts'
import type { Range } from '../query/query.ts'
import {
  type NamedCallsRow,
  type NameKind,
  recomputedMinutesQuery,
  transactionNamesQuery,
} from '../query/transaction-names.ts'
import { type Naming, namingOf } from '../query/transaction-naming.ts'
import { transactionsMaxDefault } from '../query/transaction-rules-sql.ts'
import { applicationSinceQuery } from '../query/transactions.ts'
import type { TransactionSettingsStore } from '../store/transaction-settings.ts'
import { requireApplication } from './applications.ts'
import { type Ask, asker } from './ask.ts'
import { ApiProblem, problemOfQuery } from './errors.ts'
import { type ApiDeps, type ApiInstance, ApplicationParams, answers } from './route-types.ts'
import {
  TransactionPreview,
  TransactionRules,
  TransactionRulesChange,
  TransactionRulesDraft,
  TransactionRulesSaved,
} from './schema/transactions.ts'
import { whyUnusable } from './usable-settings.ts'

const previewMs = 3_600_000
const namesMax = 200
/** As rollup-config.ts: older minutes are not computed again. */
const keptMs = 14 * 86_400_000

/** What is set for the transactions of an application. Whoever reaches the service may set it; the audit log names the address. */
export function registerTransactionRuleRoutes(
  app: ApiInstance,
  { store, transactionSettings, nowMs }: ApiDeps,
): void {
  const path = '/applications/:application/transaction-rules'
  const tags = ['applications']
  const params = ApplicationParams
  app.get(path, { schema: { tags, params, response: answers(TransactionRules) } }, async (request, reply) => {
    const ask = asker(store, request, reply)
    const { application } = request.params
    const naming = namingOf(await readSettings(transactionSettings))
    const { settings, ...current } = await transactionSettings.current(application)
    if (current.version === 0) await requireApplication(ask, application)
    const [[recomputed], [known], pooled] = await Promise.all([
      ask<{ minutes: number; of: number }>(
        recomputedMinutesQuery({ naming: naming.revision, sinceMs: nowMs() - keptMs }),
      ),
      ask<{ known: number }>(applicationSinceQuery({ application, naming: naming.revision })),
      namesOf(ask, { ...lastHour(nowMs()), application, naming }, 'pooled'),
    ])
    const max = settings.transactionsMax ?? transactionsMaxDefault
    const full = (known?.known ?? 0) >= max
    return {
      ...current,
      settings,
      recomputed: recomputed ?? { minutes: 0, of: 0 },
      guard: {
        known: known?.known ?? 0,
        max,
        // While there is room, what is not known yet is only new.
        pooled: full ? pooled : { names: [], rest: { names: 0, calls: 0 } },
      },
    }
  })

  app.put(
    path,
    {
      schema: {
        tags,
        params,
        body: Type.Unsafe<TransactionRulesChange>(TransactionRulesChange),
        response: answers(TransactionRulesSaved),
      },
    },
    async (request) => {
      const { application } = request.params
      const { version, settings } = request.body
      const others = (await readSettings(transactionSettings)).filter(
        (row) => row.application !== application,
      )
      requireUsable(settings, others)
      const outcome = await transactionSettings.save({
        application,
        version,
        settings,
        changedBy: request.ip,
      })
      switch (outcome.type) {
        case 'saved':
          return { version: outcome.saved.version, changedAtMs: outcome.saved.changedAtMs }
        case 'conflict':
          throw new ApiProblem(
            'version-conflict',
            `cannot save: version ${outcome.newest.version} was saved by ${outcome.newest.changedBy || 'somebody'} meanwhile, and this change is based on version ${version}; load it and change it again`,
          )
        case 'unavailable':
          throw new ApiProblem('database-unavailable', `cannot save: ${outcome.message}`)
      }
    },
  )

  app.post(
    `${path}/preview`,
    {
      schema: {
        tags,
        params,
        body: Type.Unsafe<TransactionRulesDraft>(TransactionRulesDraft),
        response: answers(TransactionPreview),
      },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const { application } = request.params
      const { settings } = request.body
      requireUsable(settings, [])
      const draft = {
        application,
        version: 0,
        settings: JSON.stringify(settings),
        changedAtMs: 0,
        changedBy: '',
      }
      const scope = { ...lastHour(nowMs()), application, naming: namingOf([draft]) }
      const [named, excluded] = await Promise.all([
        namesOf(ask, scope, 'named'),
        namesOf(ask, scope, 'excluded'),
      ])
      return {
        fromMs: scope.fromMs,
        toMs: scope.toMs,
        named,
        excluded,
        max: settings.transactionsMax ?? transactionsMaxDefault,
      }
    },
  )
}

export async function readSettings(settings: TransactionSettingsStore): Promise<readonly SettingsRow[]> {
  try {
    return await settings.newest()
  } catch (error) {
    throw problemOfQuery(error, false)
  }
}

const lastHour = (nowMs: number): Range => ({ fromMs: nowMs - previewMs, toMs: nowMs })

async function namesOf(
  ask: Ask,
  scope: Range & { readonly application: string; readonly naming: Naming },
  kind: NameKind,
): Promise<TransactionPreview['named']> {
  const rows = await ask<NamedCallsRow>(transactionNamesQuery(scope, { kind, limit: namesMax }))
  const listed = rows.reduce((sum, row) => sum + row.calls, 0)
  return {
    names: rows.map(({ service, transaction, calls, operations }) => ({
      service,
      transaction,
      calls,
      operations: [...operations],
    })),
    rest: {
      names: (rows[0]?.allNames ?? 0) - rows.length,
      calls: Math.max(0, (rows[0]?.allCalls ?? 0) - listed),
    },
  }
}

function requireUsable(settings: TransactionSettings, others: readonly SettingsRow[]): void {
  const problem = whyUnusable(settings)
  if (problem) throw new ApiProblem('bad-rules', problem)
  const bytes = others.reduce((sum, row) => sum + row.settings.length, JSON.stringify(settings).length)
  if (bytes > allSettingsBytesMax)
    throw new ApiProblem(
      'bad-rules',
      `cannot save: the settings of all applications together would have ${bytes} bytes, at most ${allSettingsBytesMax}`,
    )
}
