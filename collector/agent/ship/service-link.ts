import { readFile } from 'node:fs/promises'
import { Dispatcher, EnvHttpProxyAgent } from 'undici'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import { openTlsFiles, type TlsMaterial, type TlsPaths } from '../../std/tls-files.ts'

/**
 * The way to the service, for telemetry and for reports: through a proxy if there is one, over TLS with our own authorities
 * and certificate if there are any. When their files change, new requests take new connections, and those under way end
 * on the old ones.
 */
export interface ServiceLink {
  readonly dispatcher: Dispatcher
  /** Headers of a request; a key in a file is read for each, so that a rotated one is picked up. */
  authorization(): Promise<Record<string, string>>
  /** What a human should know although requests may get through; '': nothing. */
  warning(): string
  close(): Promise<void>
}

export interface ServiceLinkConfig extends TlsPaths {
  readonly endpoint: string
  /** '': none. The file wins. */
  readonly accessKey: string
  readonly accessKeyFile: string
  /** '': what HTTPS_PROXY or HTTP_PROXY, and NO_PROXY, say. */
  readonly proxyUrl: string
  readonly insecureSkipVerify: boolean
  readonly timeoutMs: number
}

const connections = 32
const keepAliveTimeout = 10_000
/** Less than one request may take: an address that does not answer is told from a service that does not. */
const connectTimeoutMs = 10_000

/** Throws when a file of certificates cannot be used. */
export function createServiceLink(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  config: ServiceLinkConfig,
): ServiceLink {
  const files = openTlsFiles(config, clock)
  let material = files.material()
  const link = new RenewedDispatcher(connectTo(config, material), () => {
    const now = files.material()
    if (now === material) return undefined
    material = now
    log.info('the certificates for the service have changed')
    return connectTo(config, material)
  })
  return {
    dispatcher: link,
    async authorization() {
      const { accessKey, accessKeyFile } = config
      const key = accessKeyFile === '' ? accessKey : (await readFile(accessKeyFile, 'utf8')).trim()
      return key === '' ? {} : { authorization: `Bearer ${key}` }
    },
    warning: () =>
      config.insecureSkipVerify
        ? 'service.insecureSkipVerify is set: anybody can pass for the service'
        : files.problem(),
    close: () => link.destroy(),
  }
}

function connectTo(
  { proxyUrl, insecureSkipVerify, timeoutMs }: ServiceLinkConfig,
  material: TlsMaterial,
): Dispatcher {
  const tls = {
    ...material,
    rejectUnauthorized: !insecureSkipVerify,
    timeout: Math.min(timeoutMs, connectTimeoutMs),
  }
  const options = { connections, keepAliveTimeout, headersTimeout: timeoutMs }
  // A proxy that is named is meant: what goes around it stands in NO_PROXY.
  const proxies = proxyUrl === '' ? {} : { httpProxy: proxyUrl, httpsProxy: proxyUrl }
  return new EnvHttpProxyAgent({
    ...options,
    ...proxies,
    connect: tls,
    requestTls: tls,
    // The proxy itself may be signed by the same authority; it is not shown our certificate.
    proxyTls: material.ca ? { ca: material.ca } : {},
  })
}

/** Asks before each request whether there is a new one, and lets the old one end what it has. */
class RenewedDispatcher extends Dispatcher {
  #current: Dispatcher
  readonly #renewed: () => Dispatcher | undefined

  constructor(first: Dispatcher, renewed: () => Dispatcher | undefined) {
    super()
    this.#current = first
    this.#renewed = renewed
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const next = this.#renewed()
    if (next) {
      void this.#current.close()
      this.#current = next
    }
    return this.#current.dispatch(options, handler)
  }

  override close(): Promise<void> {
    return this.#current.close()
  }

  override destroy(): Promise<void> {
    return this.#current.destroy()
  }
}
