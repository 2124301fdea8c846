import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { errorText } from './assert.ts'
import type { Clock } from './clock.ts'

/** Paths of PEM files; '': there is none. */
export interface TlsPaths {
  /** Certificates of the authorities that the other side may be signed by; they replace the public ones. */
  readonly caFile: string
  /** Our own certificate, with its chain. */
  readonly certFile: string
  readonly keyFile: string
}

export interface TlsMaterial {
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
}

/**
 * Certificates and keys in files that are replaced while we run: mounted Secrets change by a swap of symlinks, cert-manager
 * and people write in place. So no file is watched: all are read again now and then, and what they hold is used when it
 * fits together; until then what they held before.
 */
export interface TlsFiles {
  /** Another object when the files hold something else; they are read if they were not for a moment. */
  material(): TlsMaterial
  /** What is wrong with them now, else ''. */
  problem(): string
}

const everyMs = 1_000
const parts = ['ca', 'cert', 'key'] as const

/** Throws when a file cannot be used at the start. */
export function openTlsFiles(paths: TlsPaths, clock: Clock): TlsFiles {
  let material = readMaterial(paths)
  let readAtMs = clock.monotonicMs()
  let problem = ''
  return {
    material() {
      if (clock.monotonicMs() - readAtMs < everyMs) return material
      readAtMs = clock.monotonicMs()
      try {
        const now = readMaterial(paths)
        problem = ''
        if (!parts.every((part) => sameBytes(now[part], material[part]))) material = now
      } catch (error) {
        problem = errorText(error)
      }
      return material
    },
    problem: () => problem || expiry(paths, material, clock.nowMs()),
  }
}

function readMaterial({ caFile, certFile, keyFile }: TlsPaths): TlsMaterial {
  const material = {
    ...(caFile === '' ? {} : { ca: read(caFile) }),
    ...(certFile === '' ? {} : { cert: read(certFile) }),
    ...(keyFile === '' ? {} : { key: read(keyFile) }),
  }
  if (material.ca) certificateOf(material.ca, caFile)
  if (material.cert) certificateOf(material.cert, certFile)
  try {
    createSecureContext(material)
  } catch (error) {
    throw new Error(`cannot use the certificate ${certFile} with the key ${keyFile}: ${errorText(error)}`, {
      cause: error,
    })
  }
  return material
}

function read(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new Error(`cannot read ${path}: ${errorText(error)}`, { cause: error })
  }
}

function certificateOf(pem: Buffer, path: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (error) {
    throw new Error(`cannot read the certificate ${path}: ${errorText(error)}`, { cause: error })
  }
}

function expiry({ certFile }: TlsPaths, { cert }: TlsMaterial, nowMs: number): string {
  if (!cert) return ''
  const { validTo } = new X509Certificate(cert)
  return Date.parse(validTo) < nowMs
    ? `the certificate ${certFile} has expired: it was valid to ${validTo}`
    : ''
}

function sameBytes(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && a.equals(b))
}
