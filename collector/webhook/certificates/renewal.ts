import { createPrivateKey, X509Certificate } from 'node:crypto'
import { issueAuthority, issueLeaf, type KeyPair, leafMs } from './issue.ts'

/** What the replicas share in their Secret. */
export interface Shared {
  /** Whom the API server shall trust: the newest authority first, older ones until they expire. PEM. */
  readonly bundle: string
  /** Of the newest authority. */
  readonly authorityKey: string
  readonly leaf: KeyPair
}

const dayMs = 86_400_000
export const renewBeforeMs = 90 * dayMs
/** An authority outlives every certificate that it has signed. */
const authorityRenewBeforeMs = leafMs + renewBeforeMs

/**
 * What shall be in the Secret now: the same object where nothing is to be done.
 *
 *   authority  ─ 10 years, a new one when 15 months are left ────▶ bundle [new, old]
 *   bundle     ─ in the webhook configuration (`trusted`) ───────▶ then a certificate of the new authority
 *   leaf       ─ 1 year, a new one when 90 days are left
 *
 * So a new certificate is served only once the API server has been told to trust its authority, and the old authority is
 * trusted for as long as anybody can still serve what it has signed: until it expires.
 */
export function renewed(
  shared: Shared | undefined,
  {
    dnsNames,
    nowMs,
    trusted,
  }: { readonly dnsNames: readonly string[]; readonly nowMs: number; readonly trusted: string },
): Shared {
  const authorities = shared
    ? certificatesIn(shared.bundle).filter((one) => Date.parse(one.validTo) > nowMs)
    : []
  const [newest] = authorities
  if (!shared || !newest || !isKeyOf(newest, shared.authorityKey)) {
    const authority = issueAuthority(nowMs)
    return {
      bundle: joined([authority.cert, ...authorities.map(String)]),
      authorityKey: authority.key,
      leaf: issueLeaf(authority, { dnsNames, nowMs }),
    }
  }
  if (Date.parse(newest.validTo) - nowMs < authorityRenewBeforeMs) {
    const authority = issueAuthority(nowMs)
    const bundle = joined([authority.cert, ...authorities.map(String)])
    return { ...shared, bundle, authorityKey: authority.key }
  }
  const problem = problemOf(shared.leaf, { authorities, dnsNames, nowMs })
  const isTrusted = certificatesIn(trusted).some(
    ({ fingerprint256 }) => fingerprint256 === newest.fingerprint256,
  )
  // A certificate that still serves waits until the one to come is trusted; one that does not has nothing to lose.
  const isDue = problem === 'renewal' || (problem === undefined && !isSignedBy(shared.leaf, newest))
  if (problem === 'unusable' || (isDue && isTrusted))
    return {
      bundle: joined(authorities.map(String)),
      authorityKey: shared.authorityKey,
      leaf: issueLeaf({ cert: newest.toString(), key: shared.authorityKey }, { dnsNames, nowMs }),
    }
  return shared
}

function problemOf(
  { cert, key }: KeyPair,
  {
    authorities,
    dnsNames,
    nowMs,
  }: {
    readonly authorities: readonly X509Certificate[]
    readonly dnsNames: readonly string[]
    readonly nowMs: number
  },
): 'unusable' | 'renewal' | undefined {
  const [leaf] = certificatesIn(cert)
  if (!leaf || !isKeyOf(leaf, key)) return 'unusable'
  const serves = dnsNames.every((name) => leaf.checkHost(name) !== undefined)
  const leftMs = Date.parse(leaf.validTo) - nowMs
  if (!serves || leftMs <= 0 || !authorities.some((authority) => isSignedBy({ cert }, authority)))
    return 'unusable'
  return leftMs < renewBeforeMs ? 'renewal' : undefined
}

function isSignedBy({ cert }: Pick<KeyPair, 'cert'>, authority: X509Certificate): boolean {
  const [leaf] = certificatesIn(cert)
  return leaf?.verify(authority.publicKey) ?? false
}

/** Of text that may be anything; what is no certificate is left out. */
export function certificatesIn(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return blocks.slice(0, bundleMax).flatMap((block) => {
    try {
      return [new X509Certificate(block)]
    } catch {
      return []
    }
  })
}

/** Authorities live for ten years and overlap for one. */
const bundleMax = 16
const joined = (certificates: readonly string[]) => certificates.map((one) => `${one.trim()}\n`).join('')

function isKeyOf(certificate: X509Certificate, key: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key))
  } catch {
    return false
  }
}
