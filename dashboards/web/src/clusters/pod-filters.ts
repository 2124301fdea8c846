import type { Params } from '../api.ts'
import type { Search } from '../search-params.ts'

/** Parameters of the pods page that the API takes as they are. */
const keys = [
  'namespace',
  'status',
  'phase',
  'health',
  'workload',
  'node',
  'version',
  'q',
  'finding',
  'restarted',
  'deleted',
]

export function podParams(search: Search): Params {
  return Object.fromEntries(keys.flatMap((key) => (search[key] ? [[key, search[key]]] : [])))
}

export function hasPodFilter(search: Search): boolean {
  return keys.some((key) => key !== 'deleted' && search[key])
}
