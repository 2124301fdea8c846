import { isDeepStrictEqual } from 'node:util'
import { stringify as stringifyYaml } from 'yaml'
import {
  isSettable,
  type RemoteConfig,
  type RemoteConfigStatus,
  type RemoteScope,
  remoteKeys,
  remoteScopeOf,
} from '../record/remote-config.ts'
import { parseScopeRules } from '../scope/decide.ts'
import { errorText } from '../std/assert.ts'
import { parseAgentConfig } from './config.ts'
import type { AgentConfig } from './config-schema.ts'

/**
 * The configuration in force: what the file (the Helm values), the environment and the options say, and over it what the
 * service offers. Either may change while the agent runs.
 *
 *   values ──▶ ┌──────────┐
 *              │ in force │──▶ listeners: scope, scraper, log level …
 *   offer ───▶ └──────────┘
 *
 * - An offer is taken whole or refused whole. A key must be one that can change without a restart (`hotKeys`) and that the
 *   values let the service set (`control.settable`); a value must pass the agent's own schema.
 * - `namespaces.include` and `.exclude` of an offer stand beside those of the values, see scope/decide.ts: the values keep
 *   the upper hand. Of the other keys an offer wins over the values.
 * - Values that change: hot keys count at once; for the others the values of the start stay in force and are named in
 *   `needsRestart`. Values that cannot be used change nothing. When values no longer let an offer stand, it is taken
 *   back until they do.
 */
export interface Settings {
  current(): InForce
  /** Called after every change, in the order of subscription. */
  subscribe(listener: (now: InForce, before: InForce) => void): void
  offer(offer: { readonly hash: string; readonly body: string }): RemoteConfigStatus
  /** Of the last offer; undefined: there was none. */
  remoteStatus(): RemoteConfigStatus | undefined
  /** New values; a text: why they cannot be used. */
  setValues(values: AgentConfig | string): void
  /** Keys whose values differ from those of the start. */
  needsRestart(): readonly string[]
  /** Why the values as they are now are not in force; '' when they are. */
  valuesProblem(): string
}

export interface InForce {
  readonly config: AgentConfig
  readonly remoteScope: RemoteScope
}

/** What can change while the agent runs; an entry stands for all below it. */
export const hotKeys = [
  'namespaces.include',
  'namespaces.exclude',
  'namespaces.rancherProjects',
  'namespaces.default',
  'namespaces.allowed',
  'scrape',
  'log',
  'sampling.ratio',
  'control.settable',
]
/** What the service may offer at all: never what bounds it. */
const offerableKeys = ['namespaces.include', 'namespaces.exclude', 'scrape', 'log', 'sampling.ratio']

export function createSettings(start: AgentConfig): Settings {
  let values = start
  let remote: RemoteConfig = {}
  /** The last one, in force or not; undefined: it could not even be read. */
  let offered: RemoteConfig | undefined
  let now = inForce(values, remote)
  let status: RemoteConfigStatus | undefined
  let problem = ''
  let cold: readonly string[] = []
  const listeners: ((now: InForce, before: InForce) => void)[] = []

  function put(next: InForce): void {
    const before = now
    if (isDeepStrictEqual(next, before)) return
    now = next
    for (const listener of listeners) listener(now, before)
  }

  return {
    current: () => now,
    subscribe: (listener) => void listeners.push(listener),
    offer({ hash, body }) {
      if (status?.hash === hash) return status
      try {
        offered = undefined
        offered = parseOffer(body)
        const applied = inForce(values, offered)
        remote = offered
        status = { status: 'applied', hash, error: '' }
        put(applied)
      } catch (error) {
        status = { status: 'failed', hash, error: errorText(error) }
      }
      return status
    },
    remoteStatus: () => status,
    setValues(next) {
      if (typeof next === 'string') {
        problem = next
        return
      }
      const changed = changedKeys(start, next)
      cold = changed.filter((key) => !isSettable(key, hotKeys))
      problem = ''
      values = withKeys(
        start,
        next,
        changed.filter((key) => isSettable(key, hotKeys)),
      )
      // What the values forbade before may stand now, and the other way round.
      const wanted = offered ?? remote
      try {
        const possible = inForce(values, wanted)
        remote = wanted
        if (status && offered) status = { ...status, status: 'applied', error: '' }
        put(possible)
      } catch (error) {
        if (status && offered) status = { ...status, status: 'failed', error: errorText(error) }
        if (!standsUnder(values, remote)) remote = {}
        put(inForce(values, remote))
      }
    },
    needsRestart: () => cold,
    valuesProblem: () => problem,
  }
}

function parseOffer(body: string): RemoteConfig {
  const offer: unknown = JSON.parse(body)
  const isMap = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isMap(offer) || !Object.values(offer as object).every(isMap))
    throw new Error('cannot read the configuration: it is no map of groups of keys')
  return offer as RemoteConfig
}

function standsUnder(values: AgentConfig, remote: RemoteConfig): boolean {
  try {
    inForce(values, remote)
    return true
  } catch {
    return false
  }
}

/** Throws with the reason for which the offer cannot be taken. */
function inForce(values: AgentConfig, remote: RemoteConfig): InForce {
  for (const [key] of remoteKeys(remote)) {
    if (!isSettable(key, offerableKeys))
      throw new Error(
        `cannot take ${key} from the service: it can be set by ${offerableKeys.join(', ')} only`,
      )
    if (!isSettable(key, values.control.settable))
      throw new Error(
        `cannot take ${key} from the service: control.settable of the Helm values does not list it`,
      )
  }
  const remoteScope = remoteScopeOf(remote)
  parseScopeRules(values.namespaces, remoteScope)
  const { namespaces: _, ...rest } = remote
  if (Object.keys(rest).length === 0) return { config: values, remoteScope }
  const { mode, ...groups } = values
  const merged = { ...groups } as Record<string, object>
  for (const [group, keys] of Object.entries(rest)) merged[group] = { ...merged[group], ...keys }
  const config = parseAgentConfig({
    yaml: { text: stringifyYaml({ mode, ...merged }), name: 'from the service' },
  })
  return { config, remoteScope }
}

/** Dotted keys of the second level, and `mode`, whose values differ. */
function changedKeys(before: AgentConfig, after: AgentConfig): string[] {
  const { mode, ...groups } = after
  const groupsBefore = before as unknown as Record<string, Record<string, unknown>>
  const changed = Object.entries(groups).flatMap(([group, keys]) =>
    Object.entries(keys)
      .filter(([name, value]) => !isDeepStrictEqual(value, groupsBefore[group]?.[name]))
      .map(([name]) => `${group}.${name}`),
  )
  return mode === before.mode ? changed : ['mode', ...changed]
}

function withKeys(base: AgentConfig, from: AgentConfig, keys: readonly string[]): AgentConfig {
  const merged = structuredClone(base) as unknown as Record<string, Record<string, unknown>>
  const source = from as unknown as Record<string, Record<string, unknown>>
  for (const key of keys) {
    const [group = '', name = ''] = key.split('.')
    const target = merged[group]
    if (target) target[name] = source[group]?.[name]
  }
  return merged as unknown as AgentConfig
}
