import { describe, expect, test } from 'vitest'
import { compareVersions } from '../../../collector/agent/watch/resource-version.ts'

describe('compareVersions', () => {
  test.each([
    ['9', '10', -1],
    ['10', '9', 1],
    ['10', '10', 0],
    ['9007199254740993', '9007199254740992', 1],
    ['99999999999999999999998', '99999999999999999999999', -1],
    ['', '0', -1],
    ['007', '7', 0],
    ['0', '00', 0],
  ])('%s against %s', (a, b, want) => {
    expect(Math.sign(compareVersions(a, b))).toBe(want)
  })
})
