import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Manifest } from './helm.ts'
import { root } from './processes.ts'

/**
 * What an API server of Kubernetes 1.36, Prometheus Operator or cert-manager would say of a manifest, by their published
 * schemas as compiled by the packages `kubernetes-models` and `@kubernetes-models/*`. Those pass over fields that they do not
 * know, which are typing errors in a chart: so each object is handed over behind a proxy, and a field that the schema did not
 * ask for is one that it does not know.
 */
export async function schemaProblems(manifest: Manifest): Promise<string[]> {
  const validate = await validatorOf(manifest)
  if (!validate) return [`${manifest.apiVersion} ${manifest.kind} has no schema here`]
  const unknown = new Set<string>()
  const problems = validate(watched(manifest, '', unknown))
    ? []
    : (validate.errors ?? []).map(
        ({ instancePath, message, keyword, params }) =>
          `${instancePath} ${message ?? keyword} ${JSON.stringify(params)}`,
      )
  return [
    ...problems,
    ...[...unknown].map((path) => `${path} is a field that ${manifest.kind} does not have`),
  ]
}

interface Validator {
  (data: unknown): boolean
  errors?: readonly {
    readonly instancePath: string
    readonly keyword: string
    readonly message?: string
    readonly params: object
  }[]
}

/** Groups of Kubernetes itself are named after their first label; of others, after where their Go types are. */
const groups: Readonly<Record<string, { readonly module: string; readonly prefix: string }>> = {
  'monitoring.coreos.com': {
    module: '@kubernetes-models/prometheus-operator',
    prefix: 'ComGithubPrometheusOperatorPrometheusOperatorPkgApisMonitoring',
  },
  'cert-manager.io': {
    module: '@kubernetes-models/cert-manager',
    prefix: 'ComGithubCertManagerCertManagerPkgApisCertmanager',
  },
}

async function validatorOf({ apiVersion, kind }: Manifest): Promise<Validator | undefined> {
  const [version = '', group = ''] = apiVersion.split('/').reverse()
  const { module, prefix } = groups[group] ?? {
    module: 'kubernetes-models',
    prefix: `IoK8sApi${capital(group.split('.')[0] || 'core')}`,
  }
  // By path: the packages export their types, not all of their schemas.
  const file = join(root, 'node_modules', module, '_schemas', `${prefix}${capital(version)}${kind}.js`)
  if (!existsSync(file)) return undefined
  return ((await import(/* @vite-ignore */ file)) as { readonly validate: Validator }).validate
}

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)

/** Every key is unknown until the validator reads it; a map's keys are all read. */
function watched(value: unknown, path: string, unknown: Set<string>): unknown {
  if (Array.isArray(value)) return value.map((item, index) => watched(item, `${path}/${index}`, unknown))
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.fromEntries(
    Object.entries(value).map(([key, field]) => {
      unknown.add(`${path}/${key}`)
      return [key, watched(field, `${path}/${key}`, unknown)]
    }),
  )
  return new Proxy(fields, {
    get(target, key) {
      if (typeof key === 'string') unknown.delete(`${path}/${key}`)
      return target[key as string]
    },
  })
}
