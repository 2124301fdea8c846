import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { parse, stringify } from 'yaml'
import { type ChartFile, chartFiles, digestOf, pack } from './pack.ts'

/**
 * `npm run charts`: the charts as a repository that Helm and Rancher can add, by HTTP or as a Git repository.
 *
 *   index.yaml                         what there is, with digests
 *   assets/<chart>/<chart>-<v>.tgz     the packages; of the same files always the same bytes
 *   assets/logos/binnacle.svg
 *   charts/<chart>/<version>/          the same, unpacked
 *   packages/binnacle/<chart>/         with --url: what rancher/partner-charts takes, upstream.yaml and overlay
 *
 * Versions that are there stay; one that is there with other contents is refused. Times are those of the last commit of a
 * chart, or SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/).
 */
interface Chart extends Readonly<Record<string, unknown>> {
  readonly name: string
  readonly version: string
  readonly icon: string
  readonly kubeVersion: string
  readonly annotations: Readonly<Record<string, string>>
}

interface Entry extends Chart {
  readonly created: string
  readonly digest: string
  readonly urls: readonly string[]
}

interface Index {
  readonly apiVersion: 'v1'
  readonly entries: Readonly<Record<string, readonly Entry[]>>
  readonly generated: string
}

const source = resolve(import.meta.dirname, '..')
const logo = resolve(source, '../dashboards/web/public/icon.svg')
const chartNames = ['binnacle', 'binnacle-agent']

export interface RepositoryOptions {
  readonly out: string
  /** Where it will be served; absent: addresses in the index are relative to it. */
  readonly url?: string | undefined
  readonly timeSeconds?: number | undefined
}

/** Throws when a version is there with other contents. */
export function buildRepository({ out, url, timeSeconds }: RepositoryOptions): void {
  const indexFile = join(out, 'index.yaml')
  const before = existsSync(indexFile) ? (parse(readFileSync(indexFile, 'utf8')) as Index).entries : {}
  const address = (path: string) => (url ? `${url.replace(/\/+$/, '')}/${path}` : path)
  const entries = chartNames.map((name) => {
    const folder = join(source, name)
    const files = chartFiles(folder)
    const chart = parse(readFileSync(join(folder, 'Chart.yaml'), 'utf8')) as Chart
    const seconds = timeSeconds ?? lastCommitSeconds(folder)
    const packed = pack(name, files, seconds)
    const path = `assets/${name}/${name}-${chart.version}.tgz`
    const entry: Entry = {
      ...chart,
      ...(url ? { icon: address(iconPath) } : {}),
      created: new Date(seconds * 1_000).toISOString(),
      digest: digestOf(packed),
      urls: [address(path)],
    }
    const others = (before[name] ?? []).filter(({ version }) => version !== chart.version)
    const present = before[name]?.find(({ version }) => version === chart.version)
    if (present && present.digest !== entry.digest)
      throw new Error(
        `cannot publish ${name} ${chart.version}: it is there with other contents; raise version in its Chart.yaml`,
      )
    write(out, path, packed)
    for (const file of files) write(out, `charts/${name}/${chart.version}/${file.path}`, file.content)
    if (url) writePartnerPackage(out, { chart, files, url, icon: address(iconPath) })
    return [name, [entry, ...others].sort(newestFirst)] as const
  })
  write(out, iconPath, readFileSync(logo))
  const all = { ...before, ...Object.fromEntries(entries) }
  const created = Object.values(all).flatMap((list) => list.map((entry) => entry.created))
  const index: Index = { apiVersion: 'v1', entries: all, generated: created.sort().at(-1) ?? '' }
  write(out, 'index.yaml', stringify(index, { sortMapEntries: true, lineWidth: 0 }))
}

const iconPath = 'assets/logos/binnacle.svg'

/** https://github.com/rancher/partner-charts: where to fetch the chart, and files that are laid over it. */
function writePartnerPackage(
  out: string,
  {
    chart,
    files,
    url,
    icon,
  }: {
    readonly chart: Chart
    readonly files: readonly ChartFile[]
    readonly url: string
    readonly icon: string
  },
): void {
  const folder = `packages/binnacle/${chart.name}`
  const { annotations } = chart
  const upstream = {
    HelmRepo: url,
    HelmChart: chart.name,
    Vendor: 'Binnacle',
    DisplayName: annotations['catalog.cattle.io/display-name'],
    Namespace: annotations['catalog.cattle.io/namespace'],
    ReleaseName: annotations['catalog.cattle.io/release-name'],
    Fetch: 'latest',
    ChartMetadata: { kubeVersion: chart.kubeVersion, icon },
  }
  write(out, `${folder}/upstream.yaml`, stringify(upstream))
  for (const { path, content } of files)
    if (['app-readme.md', 'questions.yaml'].includes(path)) write(out, `${folder}/overlay/${path}`, content)
}

function write(out: string, path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(out, path)), { recursive: true })
  writeFileSync(join(out, path), content)
}

/** Of versions as SemVer orders them; those before a release come after it. */
function newestFirst(a: Entry, b: Entry): number {
  const parts = ({ version }: Entry) => version.split(/[-+]/, 1)[0]?.split('.').map(Number) ?? []
  const [left, right] = [parts(a), parts(b)]
  const index = left.findIndex((part, at) => part !== right[at])
  if (index >= 0) return (right[index] ?? 0) - (left[index] ?? 0)
  return Number(a.version.includes('-')) - Number(b.version.includes('-'))
}

function lastCommitSeconds(folder: string): number {
  const fromEnv = process.env['SOURCE_DATE_EPOCH']
  if (fromEnv !== undefined) return Number(fromEnv)
  return Number(
    execFileSync('git', ['-C', folder, 'log', '-1', '--format=%ct', '--', '.'], { encoding: 'utf8' }),
  )
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { out: { type: 'string', default: 'dist/charts' }, url: { type: 'string' } },
  })
  try {
    buildRepository(values)
    process.stdout.write(`wrote ${values.out}/index.yaml and what it names\n`)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
