import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Clock } from '../std/clock.ts'

/** Where the API server is and who we are to it. */
export interface KubeAccess {
  /** May carry a path, as Rancher's does: https://rancher.example/k8s/clusters/c-m-abc. */
  readonly server: string
  readonly proxyUrl?: string
  readonly tls: TlsOptions
  /** `refresh`: the last ones were refused. May throw: a token file or an exec plugin may fail. */
  headers(options: { readonly refresh: boolean }): Promise<Record<string, string>>
}

export interface TlsOptions {
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
  readonly servername?: string
  readonly rejectUnauthorized?: boolean
}

export interface LoadKubeAccessOptions {
  readonly clock: Clock
  /** Path of a kubeconfig; absent: the pod's service account if there is one, else $KUBECONFIG or ~/.kube/config. */
  readonly kubeconfig?: string
  readonly context?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Token and ca.crt; where they are mounted elsewhere, $BINNACLE_SERVICE_ACCOUNT_DIR says so. */
  readonly serviceAccountDir?: string
}

/**
 * Finds the access. In a pod it is read from the service account's files and nothing else is loaded: the official client,
 * which understands kubeconfigs, costs 85 MB of resident memory because it brings every generated model.
 */
export async function loadKubeAccess({
  clock,
  kubeconfig,
  context,
  env = process.env,
  serviceAccountDir = env['BINNACLE_SERVICE_ACCOUNT_DIR'] || '/var/run/secrets/kubernetes.io/serviceaccount',
}: LoadKubeAccessOptions): Promise<KubeAccess> {
  const host = env['KUBERNETES_SERVICE_HOST']
  if (!kubeconfig && host && existsSync(`${serviceAccountDir}/token`)) {
    const port = env['KUBERNETES_SERVICE_PORT'] ?? '443'
    const token = createTokenFile(`${serviceAccountDir}/token`, clock)
    return {
      server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
      tls: { ca: await readFile(`${serviceAccountDir}/ca.crt`) },
      headers: async ({ refresh }) => ({ authorization: `Bearer ${await token.read({ refresh })}` }),
    }
  }
  const { kubeconfigAccess, loadKubeConfig } = await import('./kubeconfig.ts')
  return kubeconfigAccess(loadKubeConfig({ path: kubeconfig, context }), clock)
}

export interface TokenFile {
  read(options: { readonly refresh: boolean }): Promise<string>
}

const tokenAgeMsMax = 60_000

/** Projected service account tokens rotate about hourly: the file is read again every 60 s, and at once after a 401. */
export function createTokenFile(path: string, clock: Clock): TokenFile {
  let cached: { readonly token: string; readonly readAtMs: number } | undefined
  return {
    async read({ refresh }) {
      const fresh = cached && clock.monotonicMs() - cached.readAtMs < tokenAgeMsMax
      if (!cached || !fresh || refresh) {
        cached = { token: (await readFile(path, 'utf8')).trim(), readAtMs: clock.monotonicMs() }
      }
      return cached.token
    },
  }
}
