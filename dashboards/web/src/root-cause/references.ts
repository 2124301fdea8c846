import type { TimeRange } from '../search-params.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** What a time is compared with, as the URL names it. */
export const references = [
  { id: 'before', label: 'the hour before' },
  { id: 'around', label: 'the two hours around' },
  { id: 'day', label: 'the same time yesterday' },
  { id: 'week', label: 'the same time a week ago' },
] as const

/** Parameters of the API. The time itself is never part of its reference. */
export function referenceOf(
  id: string,
  { fromMs, toMs }: Pick<TimeRange, 'fromMs' | 'toMs'>,
): { readonly referenceFrom?: number; readonly referenceTo?: number } {
  const of = (from: number, to: number) => ({ referenceFrom: Math.floor(from), referenceTo: Math.ceil(to) })
  const wide = Math.max(toMs - fromMs, hourMs)
  switch (id) {
    case 'around':
      return of(fromMs - hourMs, toMs + hourMs)
    case 'day':
      return of(toMs - dayMs - wide, toMs - dayMs)
    case 'week':
      return of(toMs - 7 * dayMs - wide, toMs - 7 * dayMs)
    default:
      return {}
  }
}
