import { expect, test } from 'vitest'
import { createRetelling } from '../../../collector/agent/retelling.ts'
import { createManualClock } from '../../support/manual-clock.ts'

function setUp() {
  const clock = createManualClock()
  const state = { isClear: true, told: 0 }
  const retelling = createRetelling(
    { clock, isClear: () => state.isClear, tellAnew: () => state.told++ },
    { pollMs: 1_000, spacingMs: 300_000 },
  )
  const stopping = new AbortController()
  const running = retelling.run(stopping.signal)
  const stop = () => {
    stopping.abort()
    return running
  }
  return { clock, state, retelling, stop }
}

test('nothing is told anew where nothing was lost', async () => {
  const { clock, state, stop } = setUp()
  await clock.advance(60_000)
  expect(state.told).toBe(0)
  await stop()
})

test('many losses are one telling, when the way is clear', async () => {
  const { clock, state, retelling, stop } = setUp()
  state.isClear = false
  for (let loss = 0; loss < 5; loss++) retelling.lost()
  await clock.advance(3_600_000)
  expect(state.told).toBe(0)
  state.isClear = true
  await clock.advance(60_000)
  expect(state.told).toBe(1)
  await stop()
})

test('what is lost by the telling itself is told after the spacing', async () => {
  const { clock, state, retelling, stop } = setUp()
  retelling.lost()
  await clock.advance(1_000)
  expect(state.told).toBe(1)
  retelling.lost()
  await clock.advance(298_000)
  expect(state.told).toBe(1)
  await clock.advance(3_000)
  expect(state.told).toBe(2)
  await stop()
})
