import type { ReactNode } from 'react'
import { Link } from '../parts/link.tsx'

/** From these shares of a whole on it is tight, and full. */
const tightFrom = 0.8
const fullFrom = 1

interface BarProps {
  readonly value: number
  readonly outOf: number
  /** A second value as a tick, such as what is requested beside what is used. */
  readonly tick?: number
  readonly title: string
  /** Without it, the colour says how full it is. */
  readonly tone?: 'plain' | 'warn' | 'bad'
}

/** A part of a whole as a bar. */
export function ShareBar({ value, outOf, tick, title, tone }: BarProps) {
  const share = (part: number) => (outOf <= 0 ? 0 : Math.min(1, part / outOf))
  const own = share(value) >= fullFrom ? 'bad' : share(value) >= tightFrom ? 'warn' : 'plain'
  return (
    <span className="share-bar" role="img" aria-label={title} title={title}>
      <i data-tone={tone ?? own} style={{ width: `${share(value) * 100}%` }} />
      {tick !== undefined && tick > 0 && <b style={{ left: `calc(${share(tick) * 100}% - 2px)` }} />}
    </span>
  )
}

interface LineProps extends Omit<BarProps, 'title'> {
  readonly label: string
  /** The figures in words. */
  readonly text: string
  readonly detail?: ReactNode
  readonly href: string
}

/** One line of a `share-list`: what, how much, in words; leads to its rows. */
export function ShareLine({ label, text, detail, href, ...bar }: LineProps) {
  return (
    <Link href={href} className="share-line">
      <span className="share-label" title={label}>
        {label}
      </span>
      <ShareBar {...bar} title={`${label}: ${text}`} />
      <span className="share-text" data-quiet={bar.value === 0 || undefined}>
        {text}
      </span>
      <span className="share-detail">{detail}</span>
    </Link>
  )
}
