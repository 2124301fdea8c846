import type {
  ClusterConfiguration,
  ConfigurationNamespace,
} from '@binnacle/collector/api/agent-configuration'

/** What the form holds; '' of a setting: as the Helm values say. */
export interface Draft {
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  readonly logLevel: string
  readonly scrapeSeconds: string
}

type Config = ClusterConfiguration['config']

export function draftOf(config: Config): Draft {
  const { include, exclude } = config['namespaces'] ?? {}
  const intervalMs = config['scrape']?.['intervalMs']
  return {
    include: textsOf(include),
    exclude: textsOf(exclude),
    logLevel: String(config['log']?.['level'] ?? ''),
    scrapeSeconds: typeof intervalMs === 'number' ? String(intervalMs / 1_000) : '',
  }
}

/** The configuration with the draft's values; what the form does not show stays. */
export function configOf(config: Config, draft: Draft): Config {
  const seconds = Number(draft.scrapeSeconds)
  return withoutEmpty({
    ...config,
    namespaces: {
      ...config['namespaces'],
      include: filled(draft.include),
      exclude: filled(draft.exclude),
    },
    log: { ...config['log'], level: draft.logLevel || undefined },
    scrape: {
      ...config['scrape'],
      intervalMs: draft.scrapeSeconds.trim() === '' ? undefined : Math.round(seconds * 1_000),
    },
  })
}

/** Switches one namespace by name, with no more rules than it takes. */
export function switched(
  draft: Draft,
  { name, selectedWithoutUi }: ConfigurationNamespace,
  on: boolean,
): Draft {
  const include = draft.include.filter((one) => one !== name)
  const exclude = draft.exclude.filter((one) => one !== name)
  if (on) return { ...draft, exclude, include: selectedWithoutUi ? include : [...include, name] }
  const mayMatch = selectedWithoutUi || include.some((one) => !/^[a-z0-9-]*$/.test(one))
  return { ...draft, include, exclude: mayMatch ? [...exclude, name] : exclude }
}

export function isSame(a: Draft, b: Draft): boolean {
  const text = (one: Draft) =>
    JSON.stringify([filled(one.include), filled(one.exclude), one.logLevel, one.scrapeSeconds])
  return text(a) === text(b)
}

function filled(lines: readonly string[]): string[] {
  return lines.map((line) => line.trim()).filter((line) => line !== '')
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}

function withoutEmpty(config: Record<string, Record<string, unknown>>): Config {
  return Object.fromEntries(
    Object.entries(config)
      .map(([group, keys]) => {
        const kept = Object.entries(keys).filter(
          ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
        )
        return [group, Object.fromEntries(kept)] as const
      })
      .filter(([, keys]) => Object.keys(keys).length > 0),
  )
}
