/**
 * Bounds how many statements of a kind run at once, so that slow questions never hold back an insert.
 * Statements beyond that wait per lane in order.
 * Limits: `running` and `waitingMax` per lane; overflow policy: reject (the sender gets 503 and tries again).
 */
export interface Lanes<Name extends string> {
  /** Runs the work when the lane has room, or returns undefined when too many wait already. */
  use<T>(lane: Name, work: () => Promise<T>): Promise<T> | undefined
}

export function createLanes<Name extends string>(
  running: Readonly<Record<Name, number>>,
  waitingMax: number,
): Lanes<Name> {
  const lanes = new Map<string, { free: number; readonly queue: (() => void)[] }>(
    Object.entries<number>(running).map(([name, free]) => [name, { free, queue: [] }]),
  )
  return {
    use(name, work) {
      const lane = lanes.get(name)
      if (!lane) throw new Error(`BUG: unknown lane ${name}`)
      if (lane.free === 0 && lane.queue.length >= waitingMax) return undefined
      const granted =
        lane.free > 0
          ? Promise.resolve(void lane.free--)
          : new Promise<void>((resolve) => lane.queue.push(resolve))
      return granted.then(work).finally(() => {
        const next = lane.queue.shift()
        if (next) next()
        else lane.free++
      })
    },
  }
}
