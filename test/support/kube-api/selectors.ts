import type { KubeObject } from './objects.ts'

export type Matches = (object: KubeObject) => boolean

/** Label and field selectors as `kubectl` writes them. */
export function selectorOf(parameters: URLSearchParams): Matches {
  const labels = termsOf(parameters.get('labelSelector') ?? '').map(labelTerm)
  const fields = termsOf(parameters.get('fieldSelector') ?? '').map(fieldTerm)
  return (object) => [...labels, ...fields].every((matches) => matches(object))
}

/** Commas separate terms, but not inside the brackets of `in (a,b)`. */
function termsOf(selector: string): string[] {
  return selector
    .split(/,(?![^(]*\))/)
    .map((term) => term.trim())
    .filter(Boolean)
}

function labelTerm(term: string): Matches {
  const labels = (object: KubeObject) => object.metadata.labels ?? {}
  const set = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(term)
  if (set) {
    const [, key = '', operator, list = ''] = set
    const values = list.split(',').map((value) => value.trim())
    return (object) => values.includes(labels(object)[key] ?? '') === (operator === 'in')
  }
  const compared = /^([^!=\s]+)\s*(==|=|!=)\s*(.*)$/.exec(term)
  if (compared) {
    const [, key = '', operator, value] = compared
    return (object) => (labels(object)[key] === value) === (operator !== '!=')
  }
  if (term.startsWith('!')) return (object) => !(term.slice(1) in labels(object))
  return (object) => term in labels(object)
}

function fieldTerm(term: string): Matches {
  const [, path = '', operator, value] = /^([^!=]+)(==|=|!=)(.*)$/.exec(term) ?? []
  return (object) => {
    const found = path
      .split('.')
      .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], object)
    return (String(found ?? '') === value) === (operator !== '!=')
  }
}
