import { agentScopeName } from '../record/kube.ts'
import type { OtlpEncoding, OtlpSignal } from '../record/otlp.ts'
import type { ResourceRow } from '../record/span.ts'
import { errorText } from '../std/assert.ts'
import { keepDropped, readKeyValue } from './any-value.ts'
import { type DecodeContext, TooManyItems } from './decoded.ts'
import { jsonToProtobuf } from './json-to-protobuf.ts'
import { readProto, WireError } from './proto-reader.ts'
import { resourceRow } from './resource.ts'
import type { ItemRules } from './rules/item-rules.ts'

export interface Scope {
  readonly name: string
  readonly version: string
  readonly attributes: Map<string, string>
  /** Of the scope's envelope, else of the resource's. */
  readonly schemaUrl: string
}

export interface ItemHandlers {
  /** Called for each span, log record or metric with its bytes. */
  readonly onItem: (item: Uint8Array, place: Place) => void
  /** The bytes of one item make no sense, while those around it do. */
  readonly onDamaged: (message: string) => void
}

/** Where an item stands. */
export interface Place {
  /** As the configured rules leave it. */
  readonly resource: ResourceRow
  /** As it came. */
  readonly decoded: ResourceRow
  readonly scope: Scope
  /** What the configured rules do to the items; undefined: nothing. */
  readonly rules: ItemRules | undefined
}

export interface WalkRequest {
  readonly signal: OtlpSignal
  readonly encoding: OtlpEncoding
  readonly body: Uint8Array
}

/**
 * Resource → scope → item, the shape that all OTLP requests share. Resource and scope may stand behind their items and may
 * come in pieces, which merge (protobuf rules), so they are read first. Returns a message when the body cannot be read.
 */
export function walkRequest(
  request: WalkRequest,
  context: DecodeContext,
  handlers: ItemHandlers,
): string | undefined {
  try {
    const top = readProto(protobufBody(request))
    while (top.next()) {
      if (top.field() !== 1) continue
      walkResource(top.bytes(), { signal: request.signal, context, handlers })
    }
    return undefined
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    return errorText(error)
  }
}

interface Walk {
  readonly signal: OtlpSignal
  readonly context: DecodeContext
  readonly handlers: ItemHandlers
}

function walkResource(bytes: Uint8Array, { signal, context, handlers }: Walk): void {
  let place: Omit<Place, 'scope'> | undefined
  const reader = readProto(bytes)
  while (reader.next()) {
    if (reader.field() !== 2) continue
    // An empty envelope costs no more than its bytes.
    place ??= placeOf(bytes, signal, context)
    walkScope(reader.bytes(), place, handlers)
  }
}

function placeOf(bytes: Uint8Array, signal: OtlpSignal, context: DecodeContext): Omit<Place, 'scope'> {
  const decoded = resourceRow(resourceAttributes(bytes), schemaUrlOf(bytes), context.receivedAtMs)
  const ruled = context.rules?.forResource(signal, decoded)
  return { decoded, resource: ruled?.resource ?? decoded, rules: ruled?.items }
}

export function protobufBody({ signal, encoding, body }: WalkRequest): Uint8Array {
  return encoding === 'json' ? jsonToProtobuf(signal, body) : body
}

export function resourceAttributes(bytes: Uint8Array): Map<string, string> {
  const attributes = new Map<string, string>()
  let dropped = 0
  let surplus = 0
  const envelope = readProto(bytes)
  while (envelope.next()) {
    if (envelope.field() !== 1) continue
    const resource = readProto(envelope.bytes())
    while (resource.next()) {
      if (resource.field() === 1 && !readKeyValue(resource.bytes(), attributes)) surplus++
      else if (resource.field() === 2) dropped = resource.uint32()
    }
  }
  keepDropped(attributes, dropped + surplus)
  return attributes
}

/** The state and use of the cluster, which screens rely on, is not for the rules. */
export function placeOfScope(ofResource: Omit<Place, 'scope'>, scope: Scope): Place {
  if (scope.name !== agentScopeName) return { ...ofResource, scope }
  return { decoded: ofResource.decoded, resource: ofResource.decoded, scope, rules: undefined }
}

function walkScope(
  bytes: Uint8Array,
  ofResource: Omit<Place, 'scope'>,
  { onItem, onDamaged }: ItemHandlers,
): void {
  const place = placeOfScope(ofResource, readScope(bytes, ofResource.resource.schema_url))
  const reader = readProto(bytes)
  while (reader.next()) {
    if (reader.field() !== 2) continue
    const item = reader.bytes()
    try {
      onItem(item, place)
    } catch (error) {
      if (!(error instanceof WireError) || error instanceof TooManyItems) throw error
      onDamaged(error.message)
    }
  }
}

/** The scope of a ScopeSpans, ScopeLogs or ScopeMetrics. */
export function readScope(bytes: Uint8Array, resourceSchemaUrl = ''): Scope {
  const scope = {
    name: '',
    version: '',
    attributes: new Map<string, string>(),
    schemaUrl: schemaUrlOf(bytes) || resourceSchemaUrl,
  }
  let dropped = 0
  let surplus = 0
  const outer = readProto(bytes)
  while (outer.next()) {
    if (outer.field() !== 1) continue
    const reader = readProto(outer.bytes())
    while (reader.next()) {
      if (reader.field() === 1) scope.name = reader.text()
      else if (reader.field() === 2) scope.version = reader.text()
      else if (reader.field() === 3 && !readKeyValue(reader.bytes(), scope.attributes)) surplus++
      else if (reader.field() === 4) dropped = reader.uint32()
    }
  }
  keepDropped(scope.attributes, dropped + surplus)
  return scope
}

/** `schema_url`, field 3 of Resource… and Scope…Spans, Logs and Metrics alike. */
export function schemaUrlOf(bytes: Uint8Array): string {
  let url = ''
  const reader = readProto(bytes)
  while (reader.next()) if (reader.field() === 3) url = reader.text()
  return url
}
