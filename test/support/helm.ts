import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { root } from './processes.ts'

/** Renders of the charts by the real Helm, each once a test file: one costs a tenth of a second. */
export const chartsFolder = join(root, 'charts')

export const hasHelm = spawnSync('helm', ['version']).status === 0

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly rules?: readonly PolicyRule[]
  readonly data?: Readonly<Record<string, string>>
  readonly spec?: { readonly template?: { readonly spec: PodSpec } } & Readonly<Record<string, unknown>>
}

export interface PolicyRule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly verbs: readonly string[]
}

export interface PodSpec {
  readonly serviceAccountName?: string
  readonly automountServiceAccountToken?: boolean
  readonly securityContext: Readonly<Record<string, unknown>>
  readonly containers: readonly Container[]
  readonly initContainers?: readonly Container[]
}

export interface Container {
  readonly name: string
  readonly image: string
  readonly args?: readonly string[]
  readonly env?: readonly { readonly name: string; readonly value?: string }[]
  readonly securityContext: Readonly<Record<string, unknown>>
  readonly resources: { readonly limits?: object; readonly requests?: object }
}

export interface ChartValues {
  /** Files of values, under `charts/` or absolute. */
  readonly files?: readonly string[]
  /** As `--set` takes them. */
  readonly sets?: readonly string[]
  readonly kubeVersion?: string
  readonly apiVersions?: readonly string[]
}

const answers = new Map<string, { readonly status: number; readonly output: string }>()

export function helm(...args: string[]): { readonly status: number; readonly output: string } {
  const key = JSON.stringify(args)
  let answer = answers.get(key)
  if (!answer) {
    const { status, stdout, stderr } = spawnSync('helm', args, {
      cwd: chartsFolder,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 ** 2,
    })
    answer = { status: status ?? 1, output: `${stdout}${stderr}` }
    answers.set(key, answer)
  }
  return answer
}

/** What `helm template` answers: the manifests as text, or the reason why it refuses. */
export function template(
  chart: string,
  { files = [], sets = [], kubeVersion = '1.31.0', apiVersions = [] }: ChartValues = {},
): { readonly status: number; readonly output: string } {
  return helm(
    ...['template', 'test', chart, '--namespace', 'binnacle', '--kube-version', kubeVersion],
    ...files.flatMap((file) => ['--values', file]),
    ...sets.flatMap((set) => ['--set', set]),
    ...apiVersions.flatMap((version) => ['--api-versions', version]),
  )
}

export function render(chart: string, values: ChartValues = {}): Manifest[] {
  const { status, output } = template(chart, values)
  if (status !== 0) throw new Error(output)
  return manifestsIn(output)
}

export function manifestsIn(text: string): Manifest[] {
  return parseAllDocuments(text).flatMap((document) => {
    if (document.errors.length > 0) throw document.errors[0]
    return (document.toJS() as Manifest | null) ?? []
  })
}

export const podSpecs = (manifests: readonly Manifest[]): PodSpec[] =>
  manifests.flatMap(({ spec }) => (spec?.template ? [spec.template.spec] : []))

/** The file that a chart hands its program, by the key in whichever ConfigMap has it. */
export const configFile = (manifests: readonly Manifest[], name: string) => ({
  yaml: { name, text: manifests.find(({ data }) => data?.[name] !== undefined)?.data?.[name] ?? '' },
})
