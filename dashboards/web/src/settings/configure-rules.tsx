import type { Draft } from './draft.ts'

interface Props {
  readonly draft: Draft
  readonly allowed: readonly string[]
  readonly settable: readonly string[]
  readonly onChange: (draft: Draft) => void
}

const levels = ['trace', 'debug', 'info', 'warn', 'error']

/** Patterns for many namespaces, and the other settings that agents take from here. */
export function ConfigureRules({ draft, allowed, settable, onChange }: Props) {
  const may = (key: string) => settable.some((one) => key === one || key.startsWith(`${one}.`))
  return (
    <div className="configure-rules">
      <Lines
        label="Collect"
        lines={draft.include}
        disabled={!may('namespaces.include')}
        onChange={(include) => onChange({ ...draft, include })}
      />
      <Lines
        label="Leave out (wins over labels)"
        lines={draft.exclude}
        disabled={!may('namespaces.exclude')}
        onChange={(exclude) => onChange({ ...draft, exclude })}
      />
      {allowed.length > 0 && (
        <p className="configure-note">
          The Helm values allow only <code>{allowed.join(' ')}</code>
        </p>
      )}
      <label>
        Log level of the agent
        <select
          value={draft.logLevel}
          disabled={!may('log.level')}
          onChange={(event) => onChange({ ...draft, logLevel: event.target.value })}
        >
          <option value="">as the Helm values say</option>
          {levels.map((level) => (
            <option key={level}>{level}</option>
          ))}
        </select>
      </label>
      <label>
        Seconds between two readings of CPU and memory
        <input
          inputMode="numeric"
          placeholder="as the Helm values say"
          value={draft.scrapeSeconds}
          disabled={!may('scrape.intervalMs')}
          onChange={(event) =>
            onChange({ ...draft, scrapeSeconds: event.target.value.replace(/[^\d.]/g, '') })
          }
        />
      </label>
    </div>
  )
}

interface LinesProps {
  readonly label: string
  readonly lines: readonly string[]
  readonly disabled: boolean
  readonly onChange: (lines: string[]) => void
}

function Lines({ label, lines, disabled, onChange }: LinesProps) {
  return (
    <label>
      {label}
      <textarea
        rows={Math.min(10, Math.max(3, lines.length + 1))}
        spellCheck={false}
        disabled={disabled}
        value={lines.join('\n')}
        onChange={(event) => onChange(event.target.value === '' ? [] : event.target.value.split('\n'))}
      />
    </label>
  )
}
