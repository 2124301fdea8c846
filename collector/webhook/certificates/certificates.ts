import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import { openTlsFiles } from '../../std/tls-files.ts'
import type { WebhookConfig } from '../config-schema.ts'
import type { KeyPair } from './issue.ts'

/** Where the certificate comes from, and who keeps it new. */
export interface Certificates {
  current(): KeyPair | undefined
  problem(): string
  /** Keeps it as it shall be until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

export interface CertificatesDeps {
  readonly clock: Clock
  readonly log: Log
  readonly random: () => number
  readonly version: string
  readonly kubeconfig?: string | undefined
  readonly onChange: (pair: KeyPair) => void
}

const rereadMs = 2_000

/** Throws when files cannot be used at the start. */
export async function openCertificates(
  deps: CertificatesDeps,
  config: WebhookConfig['certificates'],
): Promise<Certificates> {
  return config.mode === 'files' ? fromFiles(deps, config) : selfManaged(deps, config)
}

function fromFiles(
  { clock, log, onChange }: CertificatesDeps,
  { certFile, keyFile }: WebhookConfig['certificates'],
): Certificates {
  const files = openTlsFiles({ caFile: '', certFile, keyFile }, clock)
  let material = files.material()
  const current = (): KeyPair => ({ cert: String(material.cert), key: String(material.key) })
  onChange(current())
  return {
    current,
    problem: files.problem,
    async run(signal) {
      while (!signal.aborted) {
        await clock.sleep(rereadMs, signal)
        const now = files.material()
        if (now === material) continue
        material = now
        onChange(current())
        log.info({ certFile }, 'serving the new certificate')
      }
    },
    close: async () => {},
  }
}

/** The client is loaded only where there is something to ask. */
async function selfManaged(
  { clock, log, random, version, kubeconfig, onChange }: CertificatesDeps,
  config: WebhookConfig['certificates'],
): Promise<Certificates> {
  const [{ loadKubeAccess }, { createKubeClient }, { createSelfManaged }] = await Promise.all([
    import('../../kube/access.ts'),
    import('../../kube/client.ts'),
    import('./self-managed.ts'),
  ])
  const access = await loadKubeAccess({ clock, ...(kubeconfig === undefined ? {} : { kubeconfig }) })
  const client = createKubeClient(
    { access, log },
    { userAgent: `binnacle-webhook/${version}`, getTimeoutMs: 10_000 },
  )
  const managed = createSelfManaged({ client, clock, log, random, onChange }, config)
  return {
    current: managed.current,
    problem: managed.problem,
    run: managed.run,
    close: () => client.close(),
  }
}
