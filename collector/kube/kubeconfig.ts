import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { KubeConfig } from '@kubernetes/client-node'
import { parse as parseYaml } from 'yaml'
import { errorText } from '../std/assert.ts'
import type { Clock } from '../std/clock.ts'
import { createTokenFile, type KubeAccess } from './access.ts'

/** Loaded only outside a pod: see loadKubeAccess. */
export function loadKubeConfig({
  path,
  context,
}: {
  path?: string | undefined
  context?: string | undefined
}): KubeConfig {
  const kubeConfig = new KubeConfig()
  try {
    if (path) kubeConfig.loadFromFile(path)
    else kubeConfig.loadFromDefault()
    if (path) keepTokenFiles(kubeConfig, path)
  } catch (error) {
    throw new Error(`cannot read the kubeconfig${path ? ` ${path}` : ''}: ${errorText(error)}`, {
      cause: error,
    })
  }
  if (context) kubeConfig.setCurrentContext(context)
  return kubeConfig
}

/** The official client drops `tokenFile` of a user (https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/#AuthInfo). */
function keepTokenFiles(kubeConfig: KubeConfig, path: string): void {
  const { users = [] } = (parseYaml(readFileSync(path, 'utf8')) ?? {}) as {
    users?: { name?: string; user?: { tokenFile?: string } }[]
  }
  kubeConfig.users = kubeConfig.users.map((user) => {
    const tokenFile = users.find(({ name }) => name === user.name)?.user?.tokenFile
    if (!tokenFile || user.token) return user
    return {
      ...user,
      authProvider: { name: 'tokenFile', config: { tokenFile: resolve(dirname(path), tokenFile) } },
    }
  })
}

export function kubeconfigAccess(kubeConfig: KubeConfig, clock: Clock): KubeAccess {
  const cluster = kubeConfig.getCurrentCluster()
  if (!cluster) {
    throw new Error(
      `cannot use the kubeconfig: its current context ${kubeConfig.getCurrentContext()} names no cluster`,
    )
  }
  const user = kubeConfig.getCurrentUser()
  const provider: { name?: string; config?: { tokenFile?: string } } | undefined = user?.authProvider
  const tokenFile = provider?.config?.tokenFile
  const token = tokenFile ? createTokenFile(tokenFile, clock) : undefined

  async function authorization(refresh: boolean): Promise<string | undefined> {
    if (token) return `Bearer ${await token.read({ refresh })}`
    if (user?.token) return `Bearer ${user.token}`
    if (user?.username)
      return `Basic ${Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64')}`
    if (!user?.exec && !provider) return undefined
    const options: { headers?: Record<string, string> } = { headers: {} }
    await kubeConfig.applyToHTTPSOptions(options)
    return options.headers?.['Authorization']
  }

  return {
    server: cluster.server,
    ...(cluster.proxyUrl ? { proxyUrl: cluster.proxyUrl } : {}),
    tls: {
      ...fileOrData('ca', cluster.caFile, cluster.caData),
      ...fileOrData('cert', user?.certFile, user?.certData),
      ...fileOrData('key', user?.keyFile, user?.keyData),
      ...(cluster.tlsServerName ? { servername: cluster.tlsServerName } : {}),
      ...(cluster.skipTLSVerify ? { rejectUnauthorized: false } : {}),
    },
    async headers({ refresh }) {
      const header = await authorization(refresh)
      return {
        ...(header ? { authorization: header } : {}),
        ...(user?.impersonateUser ? { 'impersonate-user': user.impersonateUser } : {}),
      }
    },
  }
}

function fileOrData(
  key: 'ca' | 'cert' | 'key',
  file: string | undefined,
  data: string | undefined,
): { [key: string]: Buffer } {
  if (file) return { [key]: readFileSync(file) }
  return data ? { [key]: Buffer.from(data, 'base64') } : {}
}
