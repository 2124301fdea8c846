import type { ListFilter } from '../query/query.ts'
import { ApiProblem } from './errors.ts'

const valuesMax = 100
/** Each is a condition of the query's text. */
const pairsMax = 20

/** Reads `a,b,!c`: keep a and b, leave out c. An empty text filters nothing. */
export function parseList(name: string, text: string | undefined): ListFilter {
  const values = (text ?? '').split(',').map((value) => value.trim())
  const given = values.filter((value) => value !== '' && value !== '!')
  if (given.length > valuesMax) {
    throw new ApiProblem(
      'bad-parameter',
      `cannot use ${name}: ${given.length} values, at most ${valuesMax} are allowed`,
    )
  }
  return {
    in: given.filter((value) => !value.startsWith('!')),
    out: given.filter((value) => value.startsWith('!')).map((value) => value.slice(1)),
  }
}

/** Reads `key=value,other=value`; a value may hold `=`. */
export function parsePairs(name: string, text: string | undefined): [string, string][] {
  const pairs = (text ?? '').split(',').filter((pair) => pair.trim() !== '')
  if (pairs.length > pairsMax) {
    throw new ApiProblem(
      'bad-parameter',
      `cannot use ${name}: ${pairs.length} pairs, at most ${pairsMax} are allowed`,
    )
  }
  return pairs.map((pair) => {
    const at = pair.indexOf('=')
    if (at < 1) {
      throw new ApiProblem(
        'bad-parameter',
        `cannot read ${name}: "${pair.trim().slice(0, 80)}" is not key=value`,
      )
    }
    return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()]
  })
}
