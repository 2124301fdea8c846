import type { InformationPoint } from '@binnacle/collector/record/information-point'
import type { TraceFilters } from '../traces/trace-filters.ts'

export const emptyPoint: InformationPoint = {
  name: '',
  description: '',
  unit: '',
  service: '',
  operation: '',
  conditions: [],
  aggregation: 'count',
  attribute: '',
  groupBy: '',
  groupsMax: 8,
}

/** Why it cannot be asked for yet; undefined: it can. */
export function whyIncomplete(point: InformationPoint): string | undefined {
  if (point.aggregation !== 'count' && point.attribute.trim() === '')
    return 'Name the attribute that holds the number, or count spans.'
  if (point.conditions.some(({ key }) => key.trim() === '')) return 'Name the attribute of each condition.'
  return undefined
}

/** A unit is of the attribute: spans that are counted have none. */
export const unitOf = ({ aggregation, unit }: InformationPoint): string =>
  aggregation === 'count' ? '' : unit

/** The point in one line. */
export function describePoint(point: InformationPoint): string {
  const what = point.aggregation === 'count' ? 'spans' : `${point.aggregation} of ${point.attribute}`
  const where = [
    point.service && `tier ${point.service}`,
    point.operation && `operation ${point.operation}`,
    ...point.conditions.map(({ key, is, value }) =>
      is === 'exists' ? `${key} exists` : `${key} ${is} ${value}`,
    ),
  ].filter(Boolean)
  const by = point.groupBy ? `, by ${point.groupBy}` : ''
  return `${what}${where.length > 0 ? ` where ${where.join(' and ')}` : ''}${by}`
}

/** The spans behind it, as near as the trace search can name them: conditions of equality, and the group. */
export function pointFilters(application: string, point: InformationPoint, group?: string): TraceFilters {
  const pairs = [
    ...point.conditions.filter(({ is }) => is === 'equal').map(({ key, value }) => `${key}=${value}`),
    ...(point.groupBy && group ? [`${point.groupBy}=${group}`] : []),
  ].filter((pair) => !pair.includes(','))
  return {
    application,
    ...(point.service ? { service: point.service } : {}),
    ...(point.operation ? { operation: point.operation } : {}),
    ...(pairs.length > 0 ? { attributes: pairs.join(',') } : {}),
  }
}
