import { isUtf8 } from 'node:buffer'
import { ByteBuffer } from './byte-buffer.ts'
import { type Column, type ColumnSize, describeValue, UnencodableValue } from './column.ts'

/**
 * LowCardinality(String): each different text once, and a code per row. Bytes from the wire become a code without a string
 * being made: an open-addressing table over the bytes of the keys.
 *
 *   keys   │5│h│e│l│l│o│2│G│E│…        Native strings, in the order of their codes
 *   starts │1      │7  │…              where a key's bytes begin
 *   slots  │0│0│2│0│1│…                code + 1 by hash, linear probing, at most half full
 *
 * Limit: as many keys as rows of the block. Keys of rows that were taken back stay; they only cost their bytes.
 */
export class WordColumn implements Column {
  readonly type = 'LowCardinality(String)'
  rows = 0
  codes = new Uint32Array(1_024)
  /** How many different texts there are. The empty one is always there, with the code 0. */
  words = 0
  /** Which dictionary the codes belong to: it is begun anew with every block. */
  epoch = 0
  readonly #keys = new ByteBuffer()
  #starts = new Uint32Array(256)
  #lengths = new Uint32Array(256)
  #hashes = new Int32Array(256)
  #slots = new Uint32Array(512)
  readonly #byText = new Map<string, number>()
  #last = 0

  constructor() {
    this.clear()
  }

  append(value: unknown): void {
    if (typeof value !== 'string') throw new UnencodableValue(`${describeValue(value)} is not a text`)
    this.push(this.codeOfText(value))
  }

  appendBytes(from: Uint8Array, start: number, end: number): void {
    this.push(this.codeOf(from, start, end))
  }

  push(code: number): void {
    if (this.rows === this.codes.length) this.codes = grown(this.codes)
    this.codes[this.rows++] = code
  }

  codeOfText(text: string): number {
    const known = this.#byText.get(text)
    if (known !== undefined) return known
    const bytes = Buffer.from(text)
    const code = this.#find(bytes, 0, bytes.length)
    if (this.#byText.size < textsMax) this.#byText.set(text, code)
    return code
  }

  /** The code of UTF-8 bytes; what is not UTF-8 has that of the text with U+FFFD in its place. */
  codeOf(from: Uint8Array, start: number, end: number): number {
    // Spans that follow each other are often alike.
    if (this.is(this.#last, from, start, end)) return this.#last
    const code = this.#find(from, start, end)
    this.#last = code
    return code
  }

  /** Whether the code stands for just these bytes. */
  is(code: number, from: Uint8Array, start: number, end: number): boolean {
    const count = end - start
    if (this.#lengths[code] !== count) return false
    const { bytes } = this.#keys
    const at = this.#starts[code] as number
    for (let index = 0; index < count; index++) if (bytes[at + index] !== from[start + index]) return false
    return true
  }

  textOf(code: number): string {
    const start = this.#starts[code] ?? 0
    return this.#keys.bytes.toString('utf8', start, start + (this.#lengths[code] ?? 0))
  }

  #find(from: Uint8Array, start: number, end: number): number {
    const hash = hashOf(from, start, end)
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const held = slots[slot] as number
      if (held === 0) return this.#addChecked(from, start, end)
      if (this.#hashes[held - 1] === hash && this.is(held - 1, from, start, end)) return held - 1
    }
  }

  #addChecked(from: Uint8Array, start: number, end: number): number {
    const slice = from.subarray(start, end)
    if (isUtf8(slice)) return this.#add(from, start, end)
    return this.codeOfText(Buffer.from(slice.buffer, slice.byteOffset, slice.length).toString('utf8'))
  }

  #add(from: Uint8Array, start: number, end: number): number {
    const code = this.words++
    if (code === this.#starts.length) {
      this.#starts = grown(this.#starts)
      this.#lengths = grown(this.#lengths)
      this.#hashes = grownSigned(this.#hashes)
    }
    this.#keys.varint(end - start)
    this.#starts[code] = this.#keys.length
    this.#lengths[code] = end - start
    this.#keys.add(from, start, end)
    const hash = hashOf(from, start, end)
    this.#hashes[code] = hash
    if (this.words * 2 > this.#slots.length) this.#rehash()
    else this.#place(hash, code)
    return code
  }

  #place(hash: number, code: number): void {
    const mask = this.#slots.length - 1
    let slot = hash & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = code + 1
  }

  #rehash(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2)
    for (let code = 0; code < this.words; code++) this.#place(this.#hashes[code] ?? 0, code)
  }

  size(): ColumnSize {
    return [this.rows]
  }

  cutTo([rows = 0]: ColumnSize): void {
    this.rows = rows
  }

  isBlank(): boolean {
    return this.words === 1
  }

  /** The version of the keys' serialisation: a dictionary of each block's own. */
  writePrefix(out: ByteBuffer): void {
    out.uint64(1)
  }

  writeData(out: ByteBuffer): void {
    if (this.rows === 0) return
    const width = this.#width()
    const indexType = width === 1 ? 0 : width === 2 ? 1 : 2
    out.uint64(indexType | hasKeys | ownDictionary)
    out.uint64(this.words)
    out.add(this.#keys.bytes, 0, this.#keys.length)
    out.uint64(this.rows)
    this.#writeCodes(out, width)
  }

  #writeCodes(out: ByteBuffer, width: number): void {
    const { codes, rows } = this
    out.room(rows * width)
    const { bytes } = out
    let at = out.length
    for (let row = 0; row < rows; row++) {
      const code = codes[row] as number
      bytes[at++] = code
      if (width === 1) continue
      bytes[at++] = code >>> 8
      if (width === 2) continue
      bytes[at++] = code >>> 16
      bytes[at++] = code >>> 24
    }
    out.length = at
  }

  byteLength(): number {
    return this.#keys.length + this.rows * this.#width()
  }

  #width(): 1 | 2 | 4 {
    return this.words <= 0x100 ? 1 : this.words <= 0x1_0000 ? 2 : 4
  }

  clear(): void {
    this.rows = 0
    this.words = 0
    this.#keys.length = 0
    this.#slots.fill(0)
    this.#byText.clear()
    this.#last = 0
    this.epoch++
    // The empty text has the code 0.
    this.codeOfText('')
  }
}

const hasKeys = 0x200
const ownDictionary = 0x400
/** Texts that are looked up as JavaScript strings: resources, scopes. */
const textsMax = 10_000

function hashOf(from: Uint8Array, start: number, end: number): number {
  let hash = end - start
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (from[at] as number), 0x01_00_01_93)
  return hash ^ (hash >>> 15)
}

function grown(values: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(values.length * 2)
  larger.set(values)
  return larger
}

function grownSigned(values: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(values.length * 2)
  larger.set(values)
  return larger
}
