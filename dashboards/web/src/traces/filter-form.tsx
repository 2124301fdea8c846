import type { TraceRow } from '@binnacle/collector/api/applications'
import { type FilterChip, filterChips, parseTraceFilters, type TraceFilters } from './trace-filters.ts'

const textFields: readonly {
  readonly name: keyof TraceFilters
  readonly label: string
  readonly hint?: string
}[] = [
  { name: 'application', label: 'Application' },
  { name: 'service', label: 'Service', hint: 'a,b or !c' },
  { name: 'transaction', label: 'Transaction', hint: 'of an application' },
  { name: 'operation', label: 'Operation' },
  { name: 'version', label: 'Version' },
  { name: 'pod', label: 'Pod' },
  { name: 'attributes', label: 'Attributes', hint: 'key=value,key=value' },
]

interface Props {
  readonly filters: TraceFilters
  /** The traces on screen: their services, operations and versions are suggested. */
  readonly traces: readonly TraceRow[]
  readonly onChange: (filters: TraceFilters) => void
}

/** One field a condition; conditions in force are chips that can be taken away one by one. */
export function TraceFilterForm({ filters, traces, onChange }: Props) {
  const suggestions = suggestionsOf(traces)
  return (
    <div className="trace-filters">
      <form
        key={JSON.stringify(filters)}
        aria-label="Filter traces"
        onSubmit={(event) => {
          event.preventDefault()
          const fields = Object.fromEntries(new FormData(event.currentTarget))
          onChange(parseTraceFilters({ ...filters, ...fields }))
        }}
      >
        {textFields.map(({ name, label, hint }) => (
          <label key={name} className={`trace-field trace-field-${name}`}>
            <span>{label}</span>
            <input
              name={name}
              defaultValue={filters[name] ?? ''}
              placeholder={hint ?? 'any'}
              list={suggestions[name] ? `suggested-${name}` : undefined}
              autoComplete="off"
              spellCheck={false}
            />
          </label>
        ))}
        <label className="trace-field">
          <span>Status</span>
          <select
            name="status"
            defaultValue={filters.status ?? ''}
            onChange={(event) => event.currentTarget.form?.requestSubmit()}
          >
            <option value="">any</option>
            <option value="error">with errors</option>
            <option value="ok">without errors</option>
          </select>
        </label>
        <label className="trace-field trace-field-ms">
          <span>Min ms</span>
          <input
            name="minMs"
            type="number"
            min={0}
            step="any"
            defaultValue={filters.minMs ?? ''}
            placeholder="0"
          />
        </label>
        <label className="trace-field trace-field-ms">
          <span>Max ms</span>
          <input
            name="maxMs"
            type="number"
            min={0}
            step="any"
            defaultValue={filters.maxMs ?? ''}
            placeholder="∞"
          />
        </label>
        <button type="submit" className="button">
          Search
        </button>
        {Object.entries(suggestions).map(([name, values]) => (
          <datalist key={name} id={`suggested-${name}`}>
            {values.map((value) => (
              <option key={value} value={value} />
            ))}
          </datalist>
        ))}
      </form>
      <Chips
        chips={filterChips(filters)}
        onChange={onChange}
        clear={filters.sort ? { sort: filters.sort } : {}}
      />
    </div>
  )
}

interface ChipsProps {
  readonly chips: readonly FilterChip[]
  readonly clear: TraceFilters
  readonly onChange: (filters: TraceFilters) => void
}

function Chips({ chips, clear, onChange }: ChipsProps) {
  if (chips.length === 0) return null
  return (
    <ul className="chips" aria-label="Conditions in force">
      {chips.map((chip) => (
        <li key={chip.label}>
          <button type="button" className="chip" onClick={() => onChange(chip.without)}>
            {chip.label} <span aria-hidden="true">✕</span>
            <span className="visually-hidden">: take away</span>
          </button>
        </li>
      ))}
      {chips.length > 1 && (
        <li>
          <button type="button" className="chip chip-clear" onClick={() => onChange(clear)}>
            Clear all
          </button>
        </li>
      )}
    </ul>
  )
}

function suggestionsOf(traces: readonly TraceRow[]): Readonly<Record<string, readonly string[]>> {
  const unique = (values: readonly string[]) => [...new Set(values)].filter(Boolean).sort()
  return {
    service: unique(traces.flatMap((trace) => trace.services)),
    operation: unique(traces.map((trace) => trace.rootOperation)),
    version: unique(
      traces.flatMap((trace) => trace.versions.map((one) => one.slice(one.lastIndexOf('@') + 1))),
    ),
  }
}
