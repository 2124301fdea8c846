import { tryQuantity } from '../../record/quantity.ts'

/** 0 when absent, unreadable or negative. */
export function parseQuantity(value: unknown): number {
  return Math.max(0, tryQuantity(value) ?? 0)
}

export function cpuMillicores(value: unknown): number {
  return Math.round(parseQuantity(value) * 1000)
}

export function memoryBytes(value: unknown): number {
  return Math.min(Number.MAX_SAFE_INTEGER, Math.round(parseQuantity(value)))
}
