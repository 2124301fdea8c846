import { createHmac } from 'node:crypto'
import type { RedactAction } from '../../record/ingest-rule.ts'
import { replaceJsonValues } from './json-values.ts'
import { type Matches, parseMatches, parseReplace } from './pattern.ts'

type Attributes = Map<string, string>

/** One change of attributes, and of the texts beside them, of an item or a resource. */
export interface Edit {
  /** Changes the attributes in place; `secrets` gets the values that were redacted by their key. */
  attributes(attributes: Attributes, secrets: Secrets): void
  /** What the edit does to a log's body, if that is a structure. */
  body?(text: string, secrets: Secrets): string
  /** Also of the attributes inside an item: of events, links and the scope. */
  readonly inner: boolean
  /** What the edit does to free text; `secrets` of the same item are taken out of it wherever they stand. Undefined: nothing. */
  readonly text: ((text: string, secrets: Secrets) => string) | undefined
}

/** Redacted values, as they may be written in other texts, with what stands in their place. */
export type Secrets = Map<string, string>

export function removeEdit(key: string, patterns: readonly string[]): Edit {
  const matches = parseMatches(key, patterns)
  return {
    attributes(attributes) {
      for (const name of attributes.keys()) if (matches(name)) attributes.delete(name)
    },
    inner: true,
    text: undefined,
  }
}

/** Attributes of the item itself. */
export function setEdit(values: Readonly<Record<string, string>>): Edit {
  const pairs = Object.entries(values)
  return {
    attributes(attributes) {
      for (const [name, value] of pairs) attributes.set(name, value)
    },
    inner: false,
    text: undefined,
  }
}

/** The old name is gone; a value that the new name has already is replaced. */
export function renameEdit(names: Readonly<Record<string, string>>): Edit {
  const pairs = Object.entries(names)
  return {
    attributes(attributes) {
      for (const [before, after] of pairs) {
        const value = attributes.get(before)
        if (value === undefined) continue
        attributes.delete(before)
        attributes.set(after, value)
      }
    },
    inner: true,
    text: undefined,
  }
}

const mask = '***'
/** Shorter values stand in too many texts by chance. */
const secretCharsMin = 4
/**
 * Of one item, each looked for in all of its texts. An item with more of them loses its other texts whole: a bound on the work
 * that a sender can make must not become a hole.
 */
const secretsMax = 512
/** Of the HMAC, in hexadecimal digits: 64 bits. */
const hashDigits = 16

/**
 * Redaction by key replaces the whole value; redaction by value replaces what is found in it, in keys too. A value that was
 * redacted by its key is also replaced wherever else it stands in the same item: in a log's body, a span's name or status.
 */
export function redactEdit(key: string, action: RedactAction, hashKey: string): Edit {
  const byKey: Matches = action.keys === undefined ? () => false : parseMatches(`${key}.keys`, action.keys)
  const byValue = (action.values ?? []).map((pattern, index) =>
    parseReplace(`${key}.values.${index}`, pattern),
  )
  const replacement = replacementOf(action.with ?? mask, hashKey)
  const text = (value: string, secrets: Secrets) => {
    if (secrets.size > secretsMax) return mask
    let clean = value
    for (const [secret, instead] of secrets)
      if (clean.includes(secret)) clean = clean.replaceAll(secret, () => instead)
    for (const replace of byValue) clean = replace(clean, replacement)
    return clean
  }
  const hide = (value: string, secrets: Secrets) => {
    const instead = replacement(value)
    if (value.length >= secretCharsMin && !notSecret.has(value))
      for (const written of spellings(value)) secrets.set(written, instead)
    return instead
  }
  const hideInside = (text: string, prefix: string, secrets: Secrets) =>
    replaceJsonValues(text, {
      prefix,
      chosen: (key, path) => byKey(key) || byKey(path),
      replace: (value) => hide(value, secrets),
    })
  return {
    attributes(attributes, secrets) {
      if (!action.keys) return
      for (const [name, value] of attributes) {
        if (value === '') continue
        const clean = byKey(name) ? hide(value, secrets) : hideInside(value, name, secrets)
        if (clean !== value) attributes.set(name, clean)
      }
    },
    ...(action.keys ? { body: (text, secrets) => hideInside(text, '', secrets) } : {}),
    inner: true,
    text,
  }
}

const notSecret = new Set(['true', 'false', 'null'])

/** As it is, in JSON text, in a URL. */
function spellings(value: string): string[] {
  return [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value.toWellFormed())]
}

function replacementOf(text: string, hashKey: string): (value: string) => string {
  if (text !== 'hash') return () => text
  return (value) => createHmac('sha256', hashKey).update(value).digest('hex').slice(0, hashDigits)
}
