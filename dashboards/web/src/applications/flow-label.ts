import type { FlowEdge, FlowNode } from '@binnacle/collector/api/applications'
import { formatDuration, formatRate } from '../format.ts'
import { healthOf } from './health.ts'

/** What a name of a node is on screen: the id says its type, the name may be empty. */
export function nameOfNode(node: FlowNode): string {
  if (node.type === 'client') return 'Clients'
  return node.name || node.system || 'unknown'
}

/** Begins the line that says what is out of the ordinary. */
export const unusualMarks = { warning: '▲', critical: '✕' } as const

/** The lines on an edge: rate and mean, tail, failures if any, what is above its baseline. */
export function edgeLabel({ red }: FlowEdge): string[] {
  const lines = [
    `${formatRate(red.callsPerMinute)} · ${red.meanMs === null ? '–' : formatDuration(red.meanMs)}`,
  ]
  if (red.p95Ms !== null) lines.push(`p95 ${formatDuration(red.p95Ms)}`)
  if (red.errors > 0) lines.push(`${formatRate(red.errorsPerMinute, 'err/min')}`)
  const health = healthOf(red)
  if (health?.state === 'warning' || health?.state === 'critical')
    lines.push(`${unusualMarks[health.state]} ${health.worst}`)
  return lines
}

/** An edge in one sentence, for screen readers. */
export function describeEdge(edge: FlowEdge): string {
  const how = edge.async ? 'asynchronously calls' : 'calls'
  return `${nameOfId(edge.from)} ${how} ${nameOfId(edge.to)}: ${edgeLabel(edge).join(', ')}`
}

/** A node in one sentence, for screen readers. */
export function describeNode(node: FlowNode): string {
  const { red } = node
  const mean = red.meanMs === null ? '' : `, mean ${formatDuration(red.meanMs)}`
  const unusual = healthOf(red)?.short
  return `${node.type} ${nameOfNode(node)}: ${formatRate(red.callsPerMinute)}${mean}, ${formatRate(red.errorsPerMinute, 'err/min')}${unusual ? `, ${unusual}` : ''}`
}

/** The name in an id such as `tier:benigno` or `backend:postgresql:shop`. */
export function nameOfId(id: string): string {
  if (id === 'client') return 'Clients'
  const [type, ...rest] = id.split(':')
  return (type === 'backend' ? rest.slice(1) : rest).join(':') || rest.join(':') || id
}
