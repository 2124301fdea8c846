import { readFile } from 'node:fs/promises'
import { bufferFromFileOrString, type KubeConfig } from '@kubernetes/client-node'
import type { Clock } from '../../std/clock.ts'

/**
 * Who we are to the API server, from a kubeconfig or the pod's service account.
 * Projected service account tokens rotate about hourly: the file is read again every 60 s, and at once after a 401.
 */
export interface Credentials {
  readonly tls: TlsOptions
  /** `refresh` reads a token file again even if it was read just now. May throw: the file or the exec plugin may fail. */
  headers(options?: { readonly refresh?: boolean }): Promise<Record<string, string>>
}

export interface TlsOptions {
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
  readonly servername?: string
  readonly rejectUnauthorized?: boolean
}

const tokenAgeMsMax = 60_000

export function createCredentials(kubeConfig: KubeConfig, clock: Clock): Credentials {
  const cluster = kubeConfig.getCurrentCluster()
  const user = kubeConfig.getCurrentUser()
  const provider: { name?: string; config?: { tokenFile?: string } } | undefined = user?.authProvider
  const tokenFile = provider?.config?.tokenFile
  let cached: { readonly token: string; readonly readAtMs: number } | undefined

  async function fileToken(path: string, refresh: boolean): Promise<string> {
    const fresh = cached && clock.monotonicMs() - cached.readAtMs < tokenAgeMsMax
    if (!cached || !fresh || refresh) {
      cached = { token: (await readFile(path, 'utf8')).trim(), readAtMs: clock.monotonicMs() }
    }
    return cached.token
  }

  async function authorization(refresh: boolean): Promise<Record<string, string>> {
    if (!user) return {}
    if (tokenFile) return { authorization: `Bearer ${await fileToken(tokenFile, refresh)}` }
    if (user.token) return { authorization: `Bearer ${user.token}` }
    if (user.username) {
      const pair = Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64')
      return { authorization: `Basic ${pair}` }
    }
    if (!user.exec && !provider) return {}
    const options: { headers?: Record<string, string> } = { headers: {} }
    await kubeConfig.applyToHTTPSOptions(options)
    const header = options.headers?.['Authorization']
    return header ? { authorization: header } : {}
  }

  return {
    tls: {
      ...optional('ca', cluster && bufferFromFileOrString(cluster.caFile, cluster.caData)),
      ...optional('cert', user && bufferFromFileOrString(user.certFile, user.certData)),
      ...optional('key', user && bufferFromFileOrString(user.keyFile, user.keyData)),
      ...(cluster?.tlsServerName ? { servername: cluster.tlsServerName } : {}),
      ...(cluster?.skipTLSVerify ? { rejectUnauthorized: false } : {}),
    },
    async headers({ refresh = false } = {}) {
      const headers = await authorization(refresh)
      return user?.impersonateUser ? { ...headers, 'impersonate-user': user.impersonateUser } : headers
    },
  }
}

function optional<K extends string>(key: K, value: Buffer | null): { [key in K]?: Buffer } {
  return (value ? { [key]: value } : {}) as { [key in K]?: Buffer }
}
