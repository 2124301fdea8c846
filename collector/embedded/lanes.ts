/**
 * A pool of connections to one engine, in lanes, so that a slow question never holds back an insert.
 * A connection runs one statement at a time; waiting statements queue per lane in order.
 * Bound: `waitingMax` per lane; overflow policy: reject (the sender gets 503 and tries again).
 */
export interface Lanes<C> {
  /** Runs the work on a free connection of the lane, or returns undefined when too many wait already. */
  use<T>(lane: string, work: (connection: C) => Promise<T>): Promise<T> | undefined
  waiting(): number
}

export interface LaneConfig<C> {
  readonly name: string
  readonly connections: readonly C[]
  readonly waitingMax: number
}

export function createLanes<C>(configs: readonly LaneConfig<C>[]): Lanes<C> {
  const lanes = new Map(
    configs.map(({ name, connections, waitingMax }) => [
      name,
      { free: [...connections], queue: [] as ((connection: C) => void)[], waitingMax },
    ]),
  )
  return {
    use(name, work) {
      const lane = lanes.get(name)
      if (!lane) throw new Error(`BUG: unknown lane ${name}`)
      const connection = lane.free.pop()
      if (connection === undefined && lane.queue.length >= lane.waitingMax) return undefined
      const granted =
        connection === undefined
          ? new Promise<C>((resolve) => lane.queue.push(resolve))
          : Promise.resolve(connection)
      return granted.then(async (mine) => {
        try {
          return await work(mine)
        } finally {
          const next = lane.queue.shift()
          if (next) next(mine)
          else lane.free.push(mine)
        }
      })
    },
    waiting: () => [...lanes.values()].reduce((sum, { queue }) => sum + queue.length, 0),
  }
}
