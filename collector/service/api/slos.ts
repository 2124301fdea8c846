import { Type } from 'typebox'
import { type Slo, SloDefinition, sloProblem } from '../../record/slo.ts'
import { burnRate, type Counted, sliOf } from '../query/slo.ts'
import { type SloStepRow, sloFromMs, sloWindowsQuery } from '../query/slo-sql.ts'
import { sloStatuses } from '../query/slo-status.ts'
import { type Naming, namingOf } from '../query/transaction-naming.ts'
import type { SloOutcome } from '../store/slos.ts'
import { type Ask, asker } from './ask.ts'
import { ApiProblem, problemOfQuery } from './errors.ts'
import { type ApiDeps, type ApiInstance, ApplicationParams, answers } from './route-types.ts'
import type { Chart } from './schema/common.ts'
import { SloChange, SloDetail, SloList, SloPreview, type SloRow, SloSaved } from './schema/slos.ts'
import { readSettings } from './transaction-rules.ts'

const SloParams = Type.Object({ sloId: Type.String({ minLength: 1, maxLength: 64 }) })
const tags = ['slos']
const dayMs = 86_400_000

/**
 * Service-level objectives: what is promised, how it is kept, and changing them. There are no users yet: whoever reaches the
 * service may change them, and the audit log names the address a change came from.
 */
export function registerSloRoutes(app: ApiInstance, deps: ApiDeps): void {
  registerReads(app, deps)
  registerChanges(app, deps)
}

function registerReads(app: ApiInstance, { store, slos, transactionSettings, nowMs }: ApiDeps): void {
  const now = nowOf({ transactionSettings, nowMs })
  const rowsOf = async (ask: Ask, own: (slo: Slo) => boolean): Promise<SloRow[]> => {
    const wanted = (await listed(slos)).filter(own)
    const statuses = await sloStatuses(ask, wanted, await now())
    return wanted.flatMap((slo) => {
      const status = statuses.get(slo.sloId)
      return status ? [{ ...slo, status }] : []
    })
  }
  app.get('/slos', { schema: { tags, response: answers(SloList) } }, async (request, reply) => ({
    slos: await rowsOf(asker(store, request, reply), () => true),
  }))
  app.get(
    '/applications/:application/slos',
    { schema: { tags, params: ApplicationParams, response: answers(SloList) } },
    async (request, reply) => {
      const { application } = request.params
      const ask = asker(store, request, reply)
      return { slos: await rowsOf(ask, ({ definition }) => definition.application === application) }
    },
  )
  app.get(
    '/slos/:sloId',
    { schema: { tags, params: SloParams, response: answers(SloDetail) } },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const { sloId } = request.params
      const [slo] = await rowsOf(ask, (one) => one.sloId === sloId)
      if (!slo) throw unknownSlo(sloId)
      return detailOf(ask, slo, await now())
    },
  )
}

function registerChanges(app: ApiInstance, { store, slos, transactionSettings, nowMs }: ApiDeps): void {
  const now = nowOf({ transactionSettings, nowMs })
  const body = Type.Unsafe<SloDefinition>(SloDefinition)
  app.post('/slos', { schema: { tags, body, response: answers(SloSaved) } }, async (request) => {
    requireUsable(request.body)
    return saved(
      '',
      await slos.save({ sloId: '', version: 0, definition: request.body, changedBy: request.ip }),
    )
  })
  app.put(
    '/slos/:sloId',
    {
      schema: {
        tags,
        params: SloParams,
        body: Type.Unsafe<SloChange>(SloChange),
        response: answers(SloSaved),
      },
    },
    async (request) => {
      const { sloId } = request.params
      const { version, definition } = request.body
      requireUsable(definition)
      return saved(sloId, await slos.save({ sloId, version, definition, changedBy: request.ip }))
    },
  )
  app.delete(
    '/slos/:sloId',
    {
      schema: {
        tags,
        params: SloParams,
        querystring: Type.Object({ version: Type.Integer({ minimum: 1 }) }),
        response: answers(SloSaved),
      },
    },
    async (request) => {
      const { sloId } = request.params
      const { version } = request.query
      return saved(sloId, await slos.save({ sloId, version, definition: null, changedBy: request.ip }))
    },
  )
  app.post(
    '/slos/preview',
    { schema: { tags, body, response: answers(SloPreview) } },
    async (request, reply) => {
      const definition = request.body
      requireUsable(definition)
      const ask = asker(store, request, reply)
      const draft = { sloId: 'draft', definition }
      const week = { sloId: 'week', definition: { ...definition, windowDays: 7 as const } }
      const at = await now()
      const [statuses, [lastWeek = { total: 0, good: 0 }]] = await Promise.all([
        sloStatuses(ask, [draft], at),
        ask<SloStepRow>(sloWindowsQuery({ slos: [week], ...at })),
      ])
      const { total, good } = lastWeek
      const status = statuses.get('draft')
      if (!status) throw new Error('BUG: an objective without a status')
      return { status, lastWeek: { total, good, sli: sliOf(lastWeek) } }
    },
  )
}

interface Now {
  readonly nowMs: number
  readonly naming: Naming
}

/** The time, and how transactions are named at it. */
const nowOf =
  ({ transactionSettings, nowMs }: Pick<ApiDeps, 'transactionSettings' | 'nowMs'>) =>
  async (): Promise<Now> => ({ nowMs: nowMs(), naming: namingOf(await readSettings(transactionSettings)) })

async function listed(slos: ApiDeps['slos']): Promise<readonly Slo[]> {
  return slos.list().catch((error: unknown) => {
    throw problemOfQuery(error, false)
  })
}

function requireUsable(definition: SloDefinition): void {
  const problem = sloProblem(definition)
  if (problem)
    throw new ApiProblem('bad-parameter', `cannot use the objective ${definition.name}: ${problem}`)
}

function saved(sloId: string, outcome: SloOutcome): SloSaved {
  switch (outcome.type) {
    case 'saved':
      return { sloId: outcome.sloId, version: outcome.version }
    case 'unknown':
      throw unknownSlo(sloId)
    case 'conflict':
      throw new ApiProblem(
        'version-conflict',
        `cannot save: version ${outcome.newest} was saved meanwhile; load the objective and change it again`,
      )
    case 'refused':
      throw new ApiProblem('bad-parameter', `cannot save the objective: ${outcome.message}`)
    case 'unavailable':
      throw new ApiProblem('database-unavailable', `cannot save: ${outcome.message}`)
  }
}

const unknownSlo = (sloId: string) =>
  new ApiProblem(
    'unknown-slo',
    `cannot find the objective ${sloId.slice(0, 64)}: it is unknown or was removed`,
  )

async function detailOf(ask: Ask, slo: SloRow, at: Now): Promise<SloDetail> {
  const { nowMs } = at
  const { target, windowDays } = slo.definition
  const stepMs = (windowDays === 7 ? 2 : 6) * 3_600_000
  const rows = await ask<SloStepRow>(sloWindowsQuery({ slos: [slo], ...at, stepMs }))
  const byTime = new Map(rows.map((row) => [row.timeMs, row]))
  const firstMs = Math.floor(sloFromMs(windowDays, nowMs) / stepMs) * stepMs
  const timesMs = Array.from(
    { length: Math.ceil((nowMs - firstMs) / stepMs) },
    (_, index) => firstMs + index * stepMs,
  )
  const steps = timesMs.map((timeMs): Counted => byTime.get(timeMs) ?? { total: 0, good: 0 })
  const allowed = (1 - target) * slo.status.total
  const spentBy = ({ total, good }: Counted) => (allowed === 0 ? 0 : (total - good) / allowed)
  const chart = (unit: string, series: Record<string, readonly (number | null)[]>): Chart => ({
    stepMs,
    timesMs,
    series: Object.entries(series).map(([name, points]) => ({ name, unit, points: [...points] })),
  })
  let left = 1
  const budget = steps.map((step) => {
    left -= spentBy(step)
    return 100 * left
  })
  return {
    slo,
    days: daysOf(rows).map(([day, step]) => ({
      dayMs: day,
      ...step,
      sli: sliOf(step),
      spent: spentBy(step),
    })),
    charts: {
      bad: chart('%', {
        bad: steps.map(({ total, good }) => (total === 0 ? null : (100 * (total - good)) / total)),
        allowed: steps.map(() => Number((100 * (1 - target)).toPrecision(8))),
      }),
      budget: chart('%', { left: budget }),
      burn: chart('×', {
        'burn rate': steps.map((step) => (step.total === 0 ? null : burnRate(target, step))),
      }),
    },
  }
}

function daysOf(rows: readonly SloStepRow[]): [dayMs: number, Counted][] {
  const days = Map.groupBy(rows, ({ timeMs }) => Math.floor(timeMs / dayMs) * dayMs)
  const sum = (of: readonly SloStepRow[], key: 'total' | 'good') => of.reduce((all, one) => all + one[key], 0)
  return [...days].map(([day, of]) => [day, { total: sum(of, 'total'), good: sum(of, 'good') }])
}
