import type { LogRow, MetricRow } from '../../record/signal.ts'
import type { ResourceRow, SpanRow } from '../../record/span.ts'
import { promotedColumns } from '../promoted.ts'
import { resourceRow } from '../resource.ts'
import type { Edit, Secrets } from './edits.ts'
import { mapTraceState } from './trace-state.ts'

/**
 * Edits of whole rows. Every column of a row that holds text of the sender is listed here: free text is rewritten with the
 * attributes, and columns that are copies of attributes are made anew from them, so that what was redacted stands nowhere.
 * Columns that rows take from their resource follow the resource.
 */
export function editSpan(row: SpanRow, edit: Edit): void {
  const exception = row.events_attributes[row.events_name.lastIndexOf('exception')]
  const inner = [...row.events_attributes, ...row.links_attributes]
  const text = editAttributes(row, { inner, edit })
  if (text) {
    for (const column of spanTexts) row[column] = text(row[column])
    row.events_name = row.events_name.map(text)
    row.trace_state = mapTraceState(row.trace_state, text)
    row.links_trace_state = row.links_trace_state.map((state) => mapTraceState(state, text))
  }
  Object.assign(row, promotedColumns(row.attributes, row))
  row.exception_type = exception?.get('exception.type') ?? ''
}

export function editLog(row: LogRow, edit: Edit): void {
  const namedByAttribute = row.event_name !== '' && row.event_name === row.attributes.get('event.name')
  const secrets: Secrets = new Map()
  if (edit.body) row.body = edit.body(row.body, secrets)
  const text = editAttributes(row, { inner: [], edit, secrets })
  if (text) for (const column of logTexts) row[column] = text(row[column])
  if (namedByAttribute) row.event_name = row.attributes.get('event.name') ?? ''
}

export function editMetric(row: MetricRow, edit: Edit): void {
  const text = editAttributes(row, { inner: row.exemplars_attributes, edit })
  if (text) for (const column of metricTexts) row[column] = text(row[column])
}

/** A new row with a new id, or the same row when nothing changes. */
export function editResource(row: ResourceRow, edit: Edit): ResourceRow {
  const attributes = new Map(row.attributes)
  const secrets: Secrets = new Map()
  edit.attributes(attributes, secrets)
  const text = textOf(edit, secrets)
  if (text) editTexts(attributes, text)
  const schemaUrl = text ? text(row.schema_url) : row.schema_url
  if (schemaUrl === row.schema_url && equal(attributes, row.attributes)) return row
  return resourceRow(attributes, schemaUrl, row.last_seen)
}

/** Columns of free text, per table; a test holds them against the tables' columns. */
export const spanTexts = [
  'operation',
  'status_message',
  'schema_url',
  'scope_name',
  'scope_version',
] as const satisfies readonly (keyof SpanRow)[]
export const logTexts = [
  'body',
  'event_name',
  'severity_text',
  'scope_name',
  'scope_version',
  'schema_url',
] as const satisfies readonly (keyof LogRow)[]
export const metricTexts = [
  'metric',
  'unit',
  'description',
  'scope_name',
  'scope_version',
  'schema_url',
] as const satisfies readonly (keyof MetricRow)[]

type Attributes = Map<string, string>

type Text = (value: string) => string

interface WithAttributes {
  readonly attributes: Attributes
  scope_attributes: Attributes
}

interface AttributeEdit {
  readonly edit: Edit
  /** Of events, links or exemplars. */
  readonly inner: readonly Attributes[]
  /** Found in the item before. */
  readonly secrets?: Secrets
}

/** All attributes of an item; the answer is what is to be done to its other texts. */
function editAttributes(
  row: WithAttributes,
  { inner, edit, secrets = new Map() }: AttributeEdit,
): Text | undefined {
  // Shared by the items of the scope.
  if (edit.inner && row.scope_attributes.size > 0) row.scope_attributes = new Map(row.scope_attributes)
  const all = edit.inner ? [row.attributes, row.scope_attributes, ...inner] : [row.attributes]
  for (const attributes of all) edit.attributes(attributes, secrets)
  const text = textOf(edit, secrets)
  if (text) for (const attributes of all) editTexts(attributes, text)
  return text
}

function textOf({ text }: Edit, secrets: Secrets): Text | undefined {
  if (!text) return undefined
  // A secret that holds another one goes first, or a part of it would stay.
  const longestFirst = new Map([...secrets].sort(([a], [b]) => b.length - a.length))
  return (value) => (value === '' ? '' : text(value, longestFirst))
}

function editTexts(attributes: Attributes, text: Text): void {
  for (const [key, value] of [...attributes]) {
    const cleanKey = text(key)
    if (cleanKey !== key) attributes.delete(key)
    attributes.set(cleanKey, text(value))
  }
}

function equal(a: Attributes, b: Attributes): boolean {
  if (a.size !== b.size) return false
  for (const [key, value] of a) if (b.get(key) !== value) return false
  return true
}
