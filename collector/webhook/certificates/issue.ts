import { generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto'
import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_kp_serverAuth,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509'

/** A certificate (RFC 5280) with its key, PEM. */
export interface KeyPair {
  readonly cert: string
  readonly key: string
}

const dayMs = 86_400_000
export const authorityMs = 3_650 * dayMs
export const leafMs = 365 * dayMs
/** Clocks of API servers may be behind. */
const startMs = -3_600_000

/** An authority for nothing but our own server certificates. */
export function issueAuthority(nowMs: number): KeyPair {
  const keys = generate()
  // Named by its time: two authorities in one bundle are told apart.
  const name = `binnacle-webhook-ca ${new Date(nowMs).toISOString()}`
  const extensions = [
    extension(id_ce_basicConstraints, new BasicConstraints({ cA: true, pathLenConstraint: 0 }), true),
    extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign), true),
  ]
  const issuer = { name: nameOf(name), key: keys.privateKey }
  return pem(keys, { subject: nameOf(name), issuer, nowMs, lifeMs: authorityMs, extensions })
}

/** A certificate of a server, by an authority. */
export function issueLeaf(
  authority: KeyPair,
  { dnsNames, nowMs }: { readonly dnsNames: readonly string[]; readonly nowMs: number },
): KeyPair {
  const keys = generate()
  const names = dnsNames.map((dNSName) => new GeneralName({ dNSName }))
  const extensions = [
    extension(id_ce_basicConstraints, new BasicConstraints({ cA: false }), true),
    extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.digitalSignature), true),
    extension(id_ce_extKeyUsage, new ExtendedKeyUsage([id_kp_serverAuth]), false),
    extension(id_ce_subjectAltName, new SubjectAlternativeName(names), false),
  ]
  const { raw } = new X509Certificate(authority.cert)
  const { subject } = AsnConvert.parse(raw, Certificate).tbsCertificate
  const issuer = { name: subject, key: authority.key }
  return pem(keys, { subject: nameOf('binnacle-webhook'), issuer, nowMs, lifeMs: leafMs, extensions })
}

const generate = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ecdsaWithSha256 = () => new AlgorithmIdentifier({ algorithm: '1.2.840.10045.4.3.2' })
const commonName = '2.5.4.3'

interface About {
  readonly subject: Name
  readonly issuer: { readonly name: Name; readonly key: KeyObject | string }
  readonly nowMs: number
  readonly lifeMs: number
  readonly extensions: readonly Extension[]
}

function pem(
  { publicKey, privateKey }: { readonly publicKey: KeyObject; readonly privateKey: KeyObject },
  { subject, issuer, nowMs, lifeMs, extensions }: About,
): KeyPair {
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const body = new TBSCertificate({
    version: Version.v3,
    // Positive, 128 bits of chance.
    serialNumber: new Uint8Array([1, ...randomBytes(16)]).buffer,
    signature: ecdsaWithSha256(),
    issuer: issuer.name,
    validity: new Validity({ notBefore: new Date(nowMs + startMs), notAfter: new Date(nowMs + lifeMs) }),
    subject,
    subjectPublicKeyInfo: AsnConvert.parse(spki, SubjectPublicKeyInfo),
    extensions: new Extensions([...extensions]),
  })
  const signatureValue = sign('sha256', Buffer.from(AsnConvert.serialize(body)), issuer.key)
  const certificate = new Certificate({
    tbsCertificate: body,
    signatureAlgorithm: ecdsaWithSha256(),
    signatureValue: new Uint8Array(signatureValue).buffer,
  })
  return {
    cert: new X509Certificate(Buffer.from(AsnConvert.serialize(certificate))).toString(),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

function nameOf(text: string): Name {
  const value = new AttributeValue({ utf8String: text })
  return new Name([new RelativeDistinguishedName([new AttributeTypeAndValue({ type: commonName, value })])])
}

function extension(extnID: string, value: object, critical: boolean): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) })
}
