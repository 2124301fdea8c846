/** What the help lists, and what `g` followed by a letter opens. */
export const places: Readonly<Record<string, { readonly to: string; readonly name: string }>> = {
  h: { to: '/', name: 'Home' },
  a: { to: '/applications', name: 'Applications' },
  c: { to: '/clusters', name: 'Clusters' },
  t: { to: '/traces', name: 'Traces' },
  v: { to: '/violations', name: 'Violations' },
  s: { to: '/agents', name: 'Agents' },
}

export const shortcuts: readonly { readonly keys: string; readonly does: string }[] = [
  { keys: '⌘K or Ctrl K', does: 'search pages, clusters, applications, namespaces' },
  ...Object.entries(places).map(([key, { name }]) => ({ keys: `g ${key}`, does: `go to ${name}` })),
  { keys: '/', does: 'filter this list' },
  { keys: 'j k', does: 'next and previous row' },
  { keys: 'Enter', does: 'open the row' },
  { keys: 'Esc', does: 'close what is open' },
  { keys: '?', does: 'this list' },
]

/** A letter counts as the second of a pair for this long. */
export const pairMs = 1_500
