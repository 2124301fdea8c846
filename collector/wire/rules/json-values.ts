/**
 * Structured values are stored as JSON text: this replaces values of chosen keys in such text and leaves every other
 * character as it is, numbers of any size included. Text that begins like no object or array is left alone; one that is
 * cut off is read as far as it goes. One pass, no recursion.
 */
export interface JsonValues {
  /** What the keys of the text stand under: the attribute's name, '' of a body. */
  readonly prefix: string
  /** By its own name, and by the names on the way to it, with dots between them. */
  chosen(key: string, path: string): boolean
  /** Of a string its characters, of everything else its JSON. */
  replace(value: string): string
}

export function replaceJsonValues(text: string, values: JsonValues): string {
  if (!/^\s*[[{]/.test(text)) return text
  /** The paths of the open objects and arrays. */
  const open: string[] = []
  let path = values.prefix
  let done = ''
  let copied = 0
  let at = 0
  while (at < text.length) {
    const character = text[at]
    if (character === '{' || character === '[') {
      open.push(path)
      at++
    } else if (character === '}' || character === ']') {
      path = open.pop() ?? values.prefix
      at++
    } else if (character === ',') {
      path = open.at(-1) ?? values.prefix
      at++
    } else if (character === '"') {
      const end = endOfString(text, at)
      const colon = endOfSpace(text, end)
      if (text[colon] !== ':') {
        at = end
        continue
      }
      const key = unquoted(text.slice(at, end))
      const under = open.at(-1) ?? values.prefix
      path = under === '' ? key : `${under}.${key}`
      at = endOfSpace(text, colon + 1)
      if (!values.chosen(key, path)) continue
      const valueEnd = endOfValue(text, at)
      const value = unquoted(text.slice(at, valueEnd))
      if (value !== '' && value !== 'null') {
        done += `${text.slice(copied, at)}${JSON.stringify(values.replace(value))}`
        copied = valueEnd
      }
      at = valueEnd
    } else at++
  }
  return done + text.slice(copied)
}

/** Behind the closing quote, or the end of the text. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at + 1
  }
  return text.length
}

function endOfSpace(text: string, start: number): number {
  let at = start
  while (at < text.length && ' \t\r\n'.includes(text[at] ?? '')) at++
  return at
}

function endOfValue(text: string, start: number): number {
  let depth = 0
  let at = start
  while (at < text.length) {
    const character = text[at]
    if (character === '"') {
      at = endOfString(text, at)
      if (depth === 0) return at
      continue
    }
    if (character === '{' || character === '[') depth++
    else if (character === '}' || character === ']') {
      // The end of what the value stands in: a number or a word has no end of its own.
      if (depth === 0) return at
      if (--depth === 0) return at + 1
    } else if (character === ',' && depth === 0) return at
    at++
  }
  return at
}

function unquoted(json: string): string {
  if (!json.startsWith('"')) return json.trim()
  try {
    return String(JSON.parse(json))
  } catch {
    // Cut off, as long log bodies are, or badly escaped.
    return json.replace(/^"|"$/g, '')
  }
}
