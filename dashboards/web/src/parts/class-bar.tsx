import { formatCount, formatPercent } from '../format.ts'
import './class-bar.css'

/** Calls by class: each is in one of them, and they add up to all calls. */
export interface ClassCounts {
  readonly normal: number
  readonly slow: number
  readonly verySlow: number
  readonly stalled: number
  readonly errors: number
}

export const callClasses = [
  { key: 'normal', label: 'normal', color: '--ok' },
  { key: 'slow', label: 'slow', color: '--slow' },
  { key: 'verySlow', label: 'very slow', color: '--very-slow' },
  { key: 'stalled', label: 'stalled', color: '--stalled' },
  { key: 'errors', label: 'error', color: '--bad' },
] as const satisfies readonly { key: keyof ClassCounts; label: string; color: string }[]

/** Colours of charts whose series are classes, by the names that the API gives them. */
export const classColors: Readonly<Record<string, string>> = Object.fromEntries(
  callClasses.map(({ label, color }) => [label, color]),
)

/** The classes of calls as parts of one bar; words and counts when pointed at. */
export function ClassBar({ classes }: { readonly classes: ClassCounts }) {
  const total = callClasses.reduce((sum, { key }) => sum + classes[key], 0)
  const text = describeClasses(classes)
  return (
    <span className="class-bar" role="img" aria-label={text} title={text}>
      {callClasses.map(({ key, color }) =>
        classes[key] > 0 ? (
          <i key={key} style={{ flexGrow: classes[key] / total, background: `var(${color})` }} />
        ) : null,
      )}
    </span>
  )
}

/** The same while the classes are on their way. */
export function MaybeClassBar({ classes }: { readonly classes: ClassCounts | undefined }) {
  return classes ? <ClassBar classes={classes} /> : null
}

/** Classes that occurred, in words: `97.1 % normal, 1.9 % slow, 0.6 % error`. */
export function describeClasses(classes: ClassCounts): string {
  const total = callClasses.reduce((sum, { key }) => sum + classes[key], 0)
  if (total === 0) return 'no calls'
  return callClasses
    .filter(({ key }) => classes[key] > 0)
    .map(({ key, label }) => `${formatPercent(classes[key] / total)} ${label} (${formatCount(classes[key])})`)
    .join(', ')
}
