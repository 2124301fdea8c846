/** A protobuf writer with the freedoms that senders have, and with those that they should not take. */
export class ProtoBytes {
  #bytes = Buffer.allocUnsafeSlow(64 * 1024)
  length = 0

  /** The bytes so far, in a buffer of their own. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.length))
    this.length = 0
    return taken
  }

  byte(value: number): void {
    this.#room(1)
    this.#bytes[this.length++] = value
  }

  raw(bytes: Uint8Array): void {
    this.#room(bytes.length)
    this.#bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  /** `padding`: bytes of zero bits behind the number, which say nothing. */
  number(value: number, padding = 0): void {
    let rest = value
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80)
      rest = Math.floor(rest / 0x80)
    }
    this.#last(rest, padding)
  }

  bigint(value: bigint, padding = 0): void {
    let rest = BigInt.asUintN(64, value)
    if (rest < 0x8000_0000n) {
      this.number(Number(rest), padding)
      return
    }
    let bytes = 1
    for (; rest >= 0x80n; bytes++) {
      this.byte(Number(rest & 0x7fn) | 0x80)
      rest >>= 7n
    }
    this.#last(Number(rest), Math.min(padding, 10 - bytes))
  }

  #last(value: number, padding: number): void {
    if (padding === 0) {
      this.byte(value)
      return
    }
    this.byte(value | 0x80)
    for (let index = 1; index < padding; index++) this.byte(0x80)
    this.byte(0)
  }

  fixed64(value: bigint): void {
    this.#room(8)
    this.length = this.#bytes.writeBigUInt64LE(BigInt.asUintN(64, value), this.length)
  }

  fixed32(value: number): void {
    this.#room(4)
    this.length = this.#bytes.writeUInt32LE(value >>> 0, this.length)
  }

  double(value: number): void {
    this.#room(8)
    this.length = this.#bytes.writeDoubleLE(value, this.length)
  }

  /** What `write` writes, behind its length; `change` may turn it into other bytes, whose length is right again. */
  delimited(write: () => void, padding = 0, change?: (bytes: Buffer) => Uint8Array): void {
    const start = this.length
    this.length += 1 + padding
    this.#room(0)
    const from = this.length
    write()
    if (change) {
      const changed = change(Buffer.from(this.#bytes.subarray(from, this.length)))
      this.length = from
      this.raw(changed)
    }
    const count = this.length - from
    const head = 1 + padding + (count < 0x80 ? 0 : count < 0x4000 ? 1 : count < 0x20_0000 ? 2 : 3)
    this.#room(4)
    this.#bytes.copyWithin(start + head, from, this.length)
    this.length = start
    this.number(count, padding)
    this.length = start + head + count
  }

  #room(count: number): void {
    if (this.length + count <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow((this.length + count) * 2)
    this.#bytes.copy(larger)
    this.#bytes = larger
  }
}
