import { type AttributeOf, defaultName, needsAttributes } from './transaction-sql.ts'

/** How transactions are named and judged: the default, and what is set for applications. SQL text over the columns of `spans`. */
export interface Naming {
  /** Differs whenever a minute would be computed otherwise; grows with each change. */
  readonly revision: number
  /** '' of what is excluded. Without attributes: right where `needsAttributes` is false. */
  readonly nameOf: (attribute: AttributeOf | undefined) => string
  readonly needsAttributes: string
  /** How many transactions an application may have; of a row with `application`. */
  readonly transactionsMax: string
}

/** Of the code: to be raised when the same settings give other rows than before. */
const codeRevision = 1
export const transactionsMax = 1_000

/** Calls of transactions beyond the limit. */
export const otherTraffic = 'All other traffic'

export const defaultNaming: Naming = {
  revision: codeRevision * 1_000_000_000,
  nameOf: defaultName,
  needsAttributes,
  transactionsMax: String(transactionsMax),
}
