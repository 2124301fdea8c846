import { Fragment, type ReactNode } from 'react'

export function KeyValue({
  items,
}: {
  readonly items: readonly (readonly [key: string, value: ReactNode])[]
}) {
  return (
    <dl className="key-value">
      {items.map(([key, value]) => (
        <Fragment key={key}>
          <dt>{key}</dt>
          <dd>{value === '' ? '–' : value}</dd>
        </Fragment>
      ))}
    </dl>
  )
}
