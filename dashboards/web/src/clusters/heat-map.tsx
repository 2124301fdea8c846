import type { PodRow } from '@binnacle/collector/api/clusters'
import { type CSSProperties, type KeyboardEvent, memo, useMemo, useState } from 'react'
import { formatCount, formatPlural } from '../format.ts'
import { cellSize, type GroupBy, type HeatGroup, heatGroups, stepInMap } from './heat-map.ts'
import { PodCard } from './pod-card.tsx'
import './heat-map.css'

interface Props {
  readonly pods: readonly PodRow[]
  readonly groupBy: GroupBy
  readonly selected: string | undefined
  readonly onOpen: (uid: string) => void
}

interface Hover {
  readonly uid: string
  readonly x: number
  readonly y: number
}

/** One square a pod: the whole cluster at a glance. Arrow keys walk, Enter opens. */
export function HeatMap({ pods, groupBy, selected, onOpen }: Props) {
  const groups = useMemo(() => heatGroups(pods, groupBy), [pods, groupBy])
  const byUid = useMemo(() => new Map(pods.map((pod) => [pod.uid, pod])), [pods])
  const [hover, setHover] = useState<Hover | undefined>()
  const [active, setActive] = useState<string | undefined>()
  const size = cellSize(pods.length)
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
    if (step) setActive(stepInMap(groups, active, step))
    else if (event.key === 'Enter' && active) onOpen(active)
    else return
    event.preventDefault()
  }
  const hovered = hover && byUid.get(hover.uid)
  return (
    <div className="heat-frame">
      <div
        className="heat-map"
        style={{ '--cell': `${size}px` } as CSSProperties}
        role="listbox"
        aria-label={`${formatPlural(pods.length, 'pod')} by ${groupBy}; the table below holds the same`}
        aria-activedescendant={active ? `heat-${active}` : undefined}
        tabIndex={0}
        onKeyDown={onKey}
        onMouseOver={(event) => setHover(hoverOf(event.target))}
        onMouseLeave={() => setHover(undefined)}
        onFocus={() => undefined}
        onClick={(event) => {
          const uid = hoverOf(event.target)?.uid
          if (uid) onOpen(uid)
        }}
      >
        {groups.map((group) => (
          <Group key={group.name} group={group} active={active} selected={selected} />
        ))}
      </div>
      {hover && hovered && <PodCard pod={hovered} x={hover.x} y={hover.y} />}
    </div>
  )
}

interface GroupProps {
  readonly group: HeatGroup
  readonly active: string | undefined
  readonly selected: string | undefined
}

const Group = memo(function Group({ group, active, selected }: GroupProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be part of a listbox
    <div className="heat-group" role="group" aria-label={group.name}>
      <div className="heat-name" title={group.name}>
        {group.name}{' '}
        <span className="quiet">
          {formatCount(group.cells.length)}
          {group.problems > 0 && `, ${group.problems} with problems`}
        </span>
      </div>
      <div className="heat-cells">
        {group.cells.map((cell) => (
          <span
            key={cell.uid}
            id={`heat-${cell.uid}`}
            role="option"
            tabIndex={-1}
            aria-selected={cell.uid === selected}
            aria-label={`${cell.name}: ${cell.fill}${cell.restarted ? ', restarted' : ''}`}
            data-uid={cell.uid}
            data-fill={cell.fill}
            data-restarted={cell.restarted || undefined}
            data-traced={cell.traced || undefined}
            data-deleted={cell.deleted || undefined}
            data-active={cell.uid === active || undefined}
          />
        ))}
      </div>
    </div>
  )
})

function hoverOf(target: EventTarget): Hover | undefined {
  const uid = target instanceof HTMLElement ? target.dataset['uid'] : undefined
  if (uid === undefined) return undefined
  const box = (target as HTMLElement).getBoundingClientRect()
  return { uid, x: box.left, y: box.bottom }
}
