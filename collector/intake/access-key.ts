import { createHash, timingSafeEqual } from 'node:crypto'

/**
 * Whether `Authorization: Bearer KEY` carries one of the keys; without keys everyone may enter.
 * Digests are compared, every one of them, so that the time tells neither a key's bytes nor its length nor which one it was.
 */
export function createKeyCheck(keys: readonly string[]): (authorization: string) => boolean {
  const digests = keys.map(digestOf)
  return (authorization) => {
    if (digests.length === 0) return true
    const presented = digestOf(/^Bearer +([^ ]+) *$/i.exec(authorization)?.[1] ?? '')
    return digests.map((digest) => timingSafeEqual(digest, presented)).includes(true)
  }
}

function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}
