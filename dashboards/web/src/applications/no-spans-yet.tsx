import { CopyButton } from '../parts/copy-button.tsx'
import { EmptyState } from '../parts/empty-state.tsx'

const command = 'node --import @binnacle/instrumentation app.js'

/** Says how the first spans get here. */
export function NoSpansYet() {
  return (
    <EmptyState title="No spans in this time range">
      <p>
        Choose a longer time range, or start a Node.js application with its instrumentation; any OpenTelemetry
        SDK that sends OTLP to the agent or to this service shows up here as well.
      </p>
      <p className="command">
        <code>{command}</code>
        <CopyButton text={command} label="Copy the command" />
      </p>
    </EmptyState>
  )
}
