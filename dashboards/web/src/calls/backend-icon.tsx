import type { BackendRow } from '@binnacle/collector/api/backends'

type Kind = BackendRow['kind']

const shapes: Readonly<Record<Kind, string>> = {
  database: 'M2.5 4c0-3.3 11-3.3 11 0v8c0 3.3-11 3.3-11 0zM2.5 4c0 3.3 11 3.3 11 0M2.5 8c0 3.3 11 3.3 11 0',
  cache: 'M9 1.5 3.5 9H8l-1 5.5L12.5 7H8z',
  queue: 'M1.5 4.5h13v7h-13zM5.5 4.5v7M9.5 4.5v7',
  http: 'M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13M1.5 8h13M8 1.5c-4 4-4 9 0 13M8 1.5c4 4 4 9 0 13',
  rpc: 'M1.5 5.5h11l-3-3M14.5 10.5h-11l3 3',
  cloud: 'M4.5 12.5c-4 0-4-5 0-5c0-5 7-5 7.5-1c4 0 3.5 6 0 6z',
  other: 'M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13M8 5v3.5M8 11v.5',
}

/** A shape for each kind of backend, with its word for who cannot see it. */
export function BackendIcon({ kind }: { readonly kind: Kind }) {
  return (
    <svg className="backend-icon" viewBox="0 0 16 16" width="16" height="16" role="img" aria-label={kind}>
      <title>{kind}</title>
      <path d={shapes[kind]} fill="none" stroke="currentColor" strokeWidth="1.2" strokeLinejoin="round" />
    </svg>
  )
}
