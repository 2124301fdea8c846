import type { OtlpCompression } from '../record/otlp.ts'

const names: ReadonlyMap<string, OtlpCompression> = new Map([
  ['', 'identity'],
  ['identity', 'identity'],
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
  ['zlib', 'deflate'],
  ['zstd', 'zstd'],
])

/** Of Content-Encoding and grpc-encoding, in any case. */
export function compressionOf(name: string): OtlpCompression | undefined {
  return names.get(name) ?? names.get(name.trim().toLowerCase())
}
