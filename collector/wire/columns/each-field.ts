import { type Cursor, declined } from './cursor.ts'

/** Calls `take` with the end of each length-delimited field of the number, the cursor at its start; goes over all others. */
export function eachField(cursor: Cursor, end: number, field: number, take: (end: number) => void): void {
  const outer = cursor.end
  cursor.end = end
  const wanted = (field << 3) | 2
  while (cursor.at < end) {
    const tag = cursor.tag()
    if (tag !== wanted) {
      if (tag >>> 3 === field || tag >>> 3 === 0) throw declined
      cursor.skip(tag)
      continue
    }
    const fieldEnd = cursor.length() + cursor.at
    take(fieldEnd)
    cursor.at = fieldEnd
    cursor.end = end
  }
  cursor.end = outer
}
