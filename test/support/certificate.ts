import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

/** A certificate of its own authority for 127.0.0.1 and localhost, made at run time: valid from an hour ago, for a day unless told. */
export interface Certificate {
  /** PEM; also what a client must trust. */
  readonly cert: string
  readonly key: string
}

/** Node verifies certificates but cannot make one, so the few ASN.1 values of one (RFC 5280) are written here. */
export function createCertificate(
  commonName = 'localhost',
  { untilMs = Date.now() + 86_400_000 }: { readonly untilMs?: number } = {},
): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = sequence(tlv(0x31, sequence(oid(85, 4, 3), tlv(0x0c, Buffer.from(commonName)))))
  const algorithm = sequence(oid(42, 840, 10045, 4, 3, 2)) // ecdsa-with-SHA256
  const validity = sequence(utcTime(Date.now() - 3_600_000), utcTime(untilMs))
  const names = sequence(
    tlv(0x82, Buffer.from('localhost')),
    tlv(0x87, Buffer.from([127, 0, 0, 1])),
    tlv(0x87, Buffer.from([...Array(15).fill(0), 1])),
  )
  const extensions = sequence(
    extension(oid(85, 29, 19), sequence(tlv(0x01, Buffer.from([0xff])))), // basicConstraints: an authority
    extension(oid(85, 29, 17), names), // subjectAltName
  )
  const body = sequence(
    tlv(0xa0, integer(Buffer.from([2]))), // version 3
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, extensions),
  )
  const signature = sign('sha256', body, privateKey)
  const der = sequence(body, algorithm, tlv(0x03, Buffer.concat([Buffer.from([0]), signature])))
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

function tlv(tag: number, content: Uint8Array): Buffer {
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

const sequence = (...parts: readonly Uint8Array[]) => tlv(0x30, Buffer.concat(parts))
const integer = (bytes: Uint8Array) => tlv(0x02, bytes)
const extension = (id: Buffer, value: Buffer) => sequence(id, tlv(0x04, value))

/** The first number stands for the first two arcs, as it is encoded. */
function oid(...arcs: readonly number[]): Buffer {
  const bytes = arcs.flatMap((arc) => {
    const groups = [arc & 0x7f]
    for (let rest = arc >> 7; rest > 0; rest >>= 7) groups.unshift((rest & 0x7f) | 0x80)
    return groups
  })
  return tlv(0x06, Buffer.from(bytes))
}

const utcTime = (ms: number) =>
  tlv(
    0x17,
    Buffer.from(
      `${new Date(ms)
        .toISOString()
        .replace(/[-:T]|\.\d+/g, '')
        .slice(2)}`,
    ),
  )
