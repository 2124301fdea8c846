import type { KubeObject } from './objects.ts'
import type { ResourceKind } from './resources.ts'

export type Matches = (object: KubeObject) => boolean

export type Selector =
  | { readonly type: 'selector'; readonly matches: Matches; readonly isEverything: boolean }
  | { readonly type: 'unsupported'; readonly message: string }

/** Fields that the real server can select by, beside metadata.name and metadata.namespace. */
const fields: Readonly<Record<string, readonly string[]>> = {
  Pod: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'status.phase',
    'status.podIP',
  ],
  Event: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
  Namespace: ['status.phase'],
  Node: ['spec.unschedulable'],
  ReplicaSet: ['status.replicas'],
  Job: ['status.successful'],
}

/** Label and field selectors as `kubectl` writes them. */
export function selectorOf(kind: ResourceKind, parameters: URLSearchParams): Selector {
  const labels = termsOf(parameters.get('labelSelector') ?? '').map(labelTerm)
  const terms = termsOf(parameters.get('fieldSelector') ?? '').map(parseFieldTerm)
  const supported = ['metadata.name', 'metadata.namespace', ...(fields[kind.kind] ?? [])]
  const unknown = terms.find(({ path }) => !supported.includes(path))
  if (unknown) return { type: 'unsupported', message: `field label not supported: ${unknown.path}` }
  const all = [...labels, ...terms.map(fieldTerm)]
  return {
    type: 'selector',
    matches: (object) => all.every((matches) => matches(object)),
    isEverything: all.length === 0,
  }
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
    return (object) => {
      const value = labels(object)[key]
      return (value !== undefined && values.includes(value)) === (operator === 'in')
    }
  }
  const compared = /^([^!=\s]+)\s*(==|=|!=)\s*(.*)$/.exec(term)
  if (compared) {
    const [, key = '', operator, value] = compared
    return (object) => (labels(object)[key] === value) === (operator !== '!=')
  }
  if (term.startsWith('!')) return (object) => !(term.slice(1) in labels(object))
  return (object) => term in labels(object)
}

interface FieldTerm {
  readonly path: string
  readonly isEqual: boolean
  readonly value: string
}

function parseFieldTerm(term: string): FieldTerm {
  const [, path = term, operator, value = ''] = /^([^!=]+)(==|=|!=)(.*)$/.exec(term) ?? []
  return { path, isEqual: operator !== '!=', value }
}

function fieldTerm({ path, isEqual, value }: FieldTerm): Matches {
  const keys = path === 'source' ? ['source', 'component'] : path.split('.')
  return (object) => {
    const found = keys.reduce<unknown>(
      (at, key) => (at as Record<string, unknown> | undefined)?.[key],
      object,
    )
    return (String(found ?? '') === value) === isEqual
  }
}
