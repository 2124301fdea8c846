import type { ByteBuffer } from './byte-buffer.ts'

/** Where the items of each row of a list or map end: 32 bits here, since a block is far from 2^32 items, 64 on the wire. */
export class EndsBuffer {
  #ends = new Uint32Array(1_024)
  rows = 0

  push(end: number): void {
    if (this.rows === this.#ends.length) {
      const larger = new Uint32Array(this.#ends.length * 2)
      larger.set(this.#ends)
      this.#ends = larger
    }
    this.#ends[this.rows++] = end
  }

  write(out: ByteBuffer): void {
    const { rows } = this
    const ends = this.#ends
    out.room(rows * 8)
    const { bytes } = out
    bytes.fill(0, out.length, out.length + rows * 8)
    let at = out.length
    for (let row = 0; row < rows; row++, at += 8) {
      const end = ends[row] as number
      bytes[at] = end
      bytes[at + 1] = end >>> 8
      bytes[at + 2] = end >>> 16
      bytes[at + 3] = end >>> 24
    }
    out.length = at
  }
}
