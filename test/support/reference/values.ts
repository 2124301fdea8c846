import { fromBinary } from '@bufbuild/protobuf'
import { checkMessage } from './check-message.ts'
import { descriptorOf, type MessageName } from './otlp-messages.ts'

/** A message of OTLP as @bufbuild/protobuf reads it; throws Damaged. */
export function readMessage<T>(name: MessageName, bytes: Uint8Array): T {
  const descriptor = descriptorOf(name)
  checkMessage(descriptor, bytes)
  // The descriptor is made at run time, so that the type of its messages is only known here: the interfaces of this folder.
  return fromBinary(descriptor, bytes, { readUnknownFields: false, recursionLimit: 1_000 }) as unknown as T
}

export interface AnyValue {
  readonly value:
    | { readonly case: undefined }
    | { readonly case: 'stringValue'; readonly value: string }
    | { readonly case: 'boolValue'; readonly value: boolean }
    | { readonly case: 'intValue'; readonly value: bigint }
    | { readonly case: 'doubleValue'; readonly value: number }
    | { readonly case: 'arrayValue'; readonly value: { readonly values: readonly AnyValue[] } }
    | { readonly case: 'kvlistValue'; readonly value: { readonly values: readonly KeyValue[] } }
    | { readonly case: 'bytesValue'; readonly value: Uint8Array }
}

export interface KeyValue {
  readonly key: string
  readonly value?: AnyValue
}

/** Scalars as they print, bytes as base64, arrays and maps as JSON, nothing as the empty text. */
export function valueText(any: AnyValue | undefined): string {
  const value = any?.value
  switch (value?.case) {
    case undefined:
      return ''
    case 'stringValue':
      return value.value
    case 'bytesValue':
      return Buffer.from(value.value).toString('base64')
    case 'arrayValue':
    case 'kvlistValue':
      return jsonText(any)
    default:
      return String(value?.value)
  }
}

/** As JSON, in which the last of equal keys wins, integers keep their digits and what is no finite number is a text. */
function jsonText(any: AnyValue | undefined): string {
  const value = any?.value
  switch (value?.case) {
    case undefined:
      return 'null'
    case 'arrayValue':
      return `[${value.value.values.map(jsonText).join(',')}]`
    case 'kvlistValue': {
      const byKey = new Map(value.value.values.map((pair) => [pair.key, jsonText(pair.value)]))
      return `{${[...byKey].map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(',')}}`
    }
    case 'boolValue':
    case 'intValue':
      return String(value.value)
    case 'doubleValue':
      return Number.isFinite(value.value) ? String(value.value) : `"${value.value}"`
    default:
      return JSON.stringify(valueText(any))
  }
}

const attributesMax = 1_024

/** The last of equal keys wins; what comes when 1,024 keys are there is counted. */
export function attributesOf(pairs: readonly KeyValue[]): {
  readonly attributes: Map<string, string>
  readonly surplus: number
} {
  const attributes = new Map<string, string>()
  let surplus = 0
  for (const { key, value } of pairs) {
    if (attributes.size === attributesMax) surplus++
    else attributes.set(key, valueText(value))
  }
  return { attributes, surplus }
}

/** Attributes of what has no column for a dropped count. */
export function countedAttributes(pairs: readonly KeyValue[], droppedBefore: number): Map<string, string> {
  const { attributes, surplus } = attributesOf(pairs)
  const dropped = droppedBefore + surplus
  if (dropped > 0) attributes.set('otel.dropped_attributes_count', String(dropped))
  return attributes
}

/** The id, or zeros. */
export function idOr0(id: Uint8Array, length: number): Uint8Array {
  return isId(id, length) ? id : new Uint8Array(length)
}

export const isId = (id: Uint8Array, length: number) => id.length === length && id.some((byte) => byte > 0)

const yearAfter1970Ns = 365n * 86_400n * 1_000_000_000n
const dayNs = 86_400n * 1_000_000_000n

/** Before 1971 or more than a day ahead of its receipt no time is believed. */
export function isBelievable(ns: bigint, receivedNs: bigint): boolean {
  return ns >= yearAfter1970Ns && ns <= receivedNs + dayNs
}

export const believed = (ns: bigint, receivedNs: bigint) => (isBelievable(ns, receivedNs) ? ns : receivedNs)
