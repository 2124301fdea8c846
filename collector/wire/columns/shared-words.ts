import { assert } from '../../std/assert.ts'
import type { WordColumn } from './word-column.ts'

/**
 * Words that follow each other unchanged for many rows (of the resource, the scope, the request), as codes of the
 * dictionaries of their columns. They are looked up again when the texts are others, or the block was begun anew.
 */
export class SharedWords {
  readonly #columns: readonly WordColumn[]
  readonly #codes: Uint32Array
  #texts: readonly string[] = []
  #epoch = -1

  constructor(columns: readonly WordColumn[]) {
    this.#columns = columns
    this.#codes = new Uint32Array(columns.length)
  }

  /** Appends a word to each column. The same array: the same texts. */
  push(texts: readonly string[]): void {
    const columns = this.#columns
    if (this.#texts !== texts || this.#epoch !== columns[0]?.epoch) this.#lookUp(texts)
    for (let index = 0; index < columns.length; index++)
      (columns[index] as WordColumn).push(this.#codes[index] as number)
  }

  #lookUp(texts: readonly string[]): void {
    assert(texts.length === this.#columns.length, 'a text for each column')
    texts.forEach((text, index) => {
      this.#codes[index] = this.#columns[index]?.codeOfText(text) ?? 0
    })
    this.#texts = texts
    this.#epoch = this.#columns[0]?.epoch ?? -1
  }
}
