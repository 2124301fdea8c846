import { projectMeta } from '../metadata.ts'
import { parseQuantity } from '../quantity.ts'
import { type Json, list, object, text } from '../read.ts'
import { type Described, facts, findings } from './described.ts'

/** From this share of a quota on, it is said to be nearly used. */
const nearlyUsed = 0.8

export function projectResourceQuota(raw: Json): Described | undefined {
  const meta = projectMeta(raw)
  if (!meta) return undefined
  const spec = object(raw['spec'])
  const status = object(raw['status'])
  const hard = object(status['hard'] ?? spec['hard'])
  const used = object(status['used'])
  const uses = Object.keys(hard).map((resource) => useOf(resource, hard[resource], used[resource]))
  // A quota of 0 forbids on purpose.
  const exhausted = uses.filter((one) => one.hard > 0 && one.used >= one.hard)
  const nearly = uses.filter((one) => one.used >= one.hard * nearlyUsed && one.used < one.hard)
  const selected = list(object(spec['scopeSelector'])['matchExpressions']).map((one) =>
    text(one['scopeName']),
  )
  const scopes = Array.isArray(spec['scopes']) ? spec['scopes'].map(text) : []
  return {
    kind: 'ResourceQuota',
    ...meta,
    status: '',
    fields: {
      facts: facts('ResourceQuota', { scopes: [...new Set([...scopes, ...selected])].join(', ') }),
      amounts: Object.fromEntries(
        uses.flatMap((one) => [
          [`hard:${one.resource}`, one.hard],
          [`used:${one.resource}`, one.used],
        ]),
      ),
      findings: findings({
        'quota-nearly-used': nearly.map(useText).join(', '),
        'quota-exhausted': exhausted.map(useText).join(', '),
      }),
    },
  }
}

interface Use {
  readonly resource: string
  readonly hard: number
  readonly used: number
  readonly text: string
}

function useOf(resource: string, hard: unknown, used: unknown): Use {
  return {
    resource,
    hard: parseQuantity(hard),
    used: parseQuantity(used),
    text: `${String(used ?? 0)} of ${String(hard)}`,
  }
}

const useText = ({ resource, text }: Use) => `${resource} ${text}`

export function projectLimitRange(raw: Json): Described | undefined {
  const meta = projectMeta(raw)
  if (!meta) return undefined
  const limits = list(object(raw['spec'])['limits'])
  return {
    kind: 'LimitRange',
    ...meta,
    status: '',
    fields: { facts: facts('LimitRange', { limits: limits.map(limitText).join('; ') }) },
  }
}

const bounds = ['min', 'max', 'defaultRequest', 'default', 'maxLimitRequestRatio']

/** `Container: min cpu=10m, default cpu=500m memory=256Mi` */
function limitText(limit: Json): string {
  const said = bounds.flatMap((bound) => {
    const values = Object.entries(object(limit[bound])).map(([resource, one]) => `${resource}=${String(one)}`)
    return values.length > 0 ? [`${bound} ${values.join(' ')}`] : []
  })
  return `${text(limit['type'])}: ${said.join(', ')}`
}
