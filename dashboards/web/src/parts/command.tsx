import { CopyButton } from './copy-button.tsx'

/** What somebody types elsewhere. */
export function Command({
  text,
  label = 'Copy the command',
}: {
  readonly text: string
  readonly label?: string
}) {
  return (
    <p className="command">
      <code>{text}</code>
      <CopyButton text={text} label={label} />
    </p>
  )
}
