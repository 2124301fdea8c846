import type { OtlpSignal } from '../record/otlp.ts'
import type { ResourceRow } from '../record/span.ts'
import type { Cursor } from './columns/cursor.ts'
import { eachField } from './columns/each-field.ts'
import type { DecodeContext } from './decoded.ts'
import { createEnvelopeCache } from './envelope-cache.ts'
import { resourceRow } from './resource.ts'
import type { RequestTally } from './tally.ts'
import { type Place, placeOfScope, readScope, resourceAttributes, schemaUrlOf } from './walk-request.ts'

/** What is made of the items of a request, one scope after the other. */
export interface ColumnItems {
  beginRequest(context: DecodeContext, tally: RequestTally): void
  beginScope(place: Place): void
  /** The item from the cursor to `end`; the resource of what was kept of it. */
  item(end: number): ResourceRow | undefined
}

export type WalkColumns = (body: Uint8Array, context: DecodeContext, tally: RequestTally) => void

/**
 * Resource → scope → item as walkRequest goes, by a cursor and with what stands around the items read once per spelling.
 * Throws `declined` for a body that is not an undamaged request.
 */
export function createColumnWalk(signal: OtlpSignal, cursor: Cursor, items: ColumnItems): WalkColumns {
  const resources = createEnvelopeCache((message) =>
    resourceRow(resourceAttributes(message), schemaUrlOf(message), 0),
  )
  const scopes = createEnvelopeCache(readScope)

  return (body, context, tally) => {
    cursor.open(body)
    items.beginRequest(context, tally)
    eachField(cursor, cursor.end, 1, (end) => {
      const decoded = { ...resources.find(cursor, end, ''), last_seen: context.receivedAtMs }
      const ruled = context.rules?.forResource(signal, decoded)
      const ofResource = { decoded, resource: ruled?.resource ?? decoded, rules: ruled?.items }
      let last: ResourceRow | undefined
      eachField(cursor, end, 2, (scopeEnd) => {
        const scope = scopes.find(cursor, scopeEnd, ofResource.resource.schema_url)
        items.beginScope(placeOfScope(ofResource, scope))
        eachField(cursor, scopeEnd, 2, (itemEnd) => {
          const used = items.item(itemEnd)
          if (used === undefined || used === last) return
          tally.resource(used)
          last = used
        })
      })
    })
  }
}
