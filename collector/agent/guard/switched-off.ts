import { type SwitchedOff, switchedOffKey } from '../../record/injection.ts'
import type { JsonObject } from '../../record/kube-api.ts'

/**
 * The content of the ConfigMap that the webhook mounts. Key `disabled.json` is for everybody: what a person takes out of it
 * or adds to it counts. Key `decided.json` is ours: which pod template was last decided on of each workload, so that what
 * was taken out stays out until pods are made from another one.
 * Limits: `entriesMax` workloads switched off, `decidedMax` decisions remembered; the oldest are left out. With the longest
 * names and reasons that is less than a ConfigMap may hold, 1 MiB.
 */
export interface SwitchedOffList {
  readonly entries: readonly SwitchedOff[]
  /** By workload, the template; oldest first. */
  readonly decided: ReadonlyMap<string, string>
}

export interface WorkloadName {
  readonly namespace: string
  readonly kind: string
  readonly name: string
}

export const decidedKey = 'decided.json'
export const entriesMax = 500
export const decidedMax = 600

export const emptyList: SwitchedOffList = { entries: [], decided: new Map() }

export const keyOf = ({ namespace, kind, name }: WorkloadName): string => `${namespace}/${kind}/${name}`

/** Throws when somebody has written what is no list: it is then left as it is. */
export function readList(data: JsonObject): SwitchedOffList {
  const entries = parse(data, switchedOffKey, [])
  if (!Array.isArray(entries) || !entries.every(isEntry))
    throw new Error(`${switchedOffKey} is no list of {namespace, kind, name, reason, at}`)
  const decided = parse(data, decidedKey, {})
  return { entries, decided: new Map(Object.entries(isTexts(decided) ? decided : {})) }
}

function parse(data: JsonObject, key: string, absent: unknown): unknown {
  const text = data[key]
  if (typeof text !== 'string' || text.trim() === '') return absent
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Error(`${key} is no JSON`, { cause })
  }
}

/** Somebody who adds a workload by hand need not say why. */
function isEntry(value: unknown): value is SwitchedOff {
  const entry = value as Partial<SwitchedOff> | null
  return [entry?.namespace, entry?.kind, entry?.name].every((one) => typeof one === 'string' && one !== '')
}

function isTexts(value: unknown): value is Record<string, string> {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((one) => typeof one === 'string')
  )
}

export function writeList({ entries, decided }: SwitchedOffList): Record<string, string> {
  return {
    [switchedOffKey]: `${JSON.stringify(entries, null, 2)}\n`,
    [decidedKey]: JSON.stringify(Object.fromEntries(decided)),
  }
}

/** Nothing is to be decided on the workload: it is off, or what it was made from was decided on before. */
export function isSettled(list: SwitchedOffList, workload: WorkloadName, template: string): boolean {
  const key = keyOf(workload)
  return list.decided.get(key) === template || list.entries.some((entry) => keyOf(entry) === key)
}

export function withEntry(
  list: SwitchedOffList,
  { entry, template }: { readonly entry: SwitchedOff; readonly template: string },
): { readonly list: SwitchedOffList; readonly leftOut: number } {
  const entries = [...list.entries, entry]
  const decided = new Map(list.decided)
  decided.delete(keyOf(entry))
  decided.set(keyOf(entry), template)
  const leftOut = Math.max(0, entries.length - entriesMax)
  return {
    list: { entries: entries.slice(leftOut), decided: new Map([...decided].slice(-decidedMax)) },
    leftOut,
  }
}
