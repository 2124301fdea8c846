/**
 * Splits a byte stream into lines. Chunks may end anywhere, inside a UTF-8 character too: bytes are decoded per line.
 * Limit: a line longer than `lineBytesMax` ends the stream with an error, because a lost line is a lost change.
 * A last line without its newline is an unfinished event of a broken connection, and is left out: resuming repeats it.
 */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
  lineBytesMax: number,
): AsyncGenerator<string> {
  let pending: Uint8Array[] = []
  let pendingBytes = 0
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, start)) {
      const tail = chunk.subarray(start, end)
      const line = pending.length === 0 ? tail : Buffer.concat([...pending, tail])
      pending = []
      pendingBytes = 0
      start = end + 1
      if (line.length > lineBytesMax) throw new Error(`cannot read a line of ${line.length} bytes: too long`)
      if (line.length > 0) yield decode(line)
    }
    if (start === chunk.length) continue
    pending.push(chunk.subarray(start))
    pendingBytes += chunk.length - start
    if (pendingBytes > lineBytesMax) throw new Error(`cannot read a line of ${pendingBytes} bytes: too long`)
  }
}

function decode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}
