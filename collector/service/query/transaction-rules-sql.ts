import {
  expressionOf,
  type MatchField,
  type TransactionCondition,
  type TransactionRule,
} from '../../record/transaction-settings.ts'
import type { Naming } from './transaction-naming.ts'
import {
  type AttributeOf,
  nameCharsMax,
  needsAttributes,
  segmentsOf,
  textLiteral,
} from './transaction-sql.ts'

/**
 * The rules of applications as SQL over the columns of `spans`, `httpPath` and `defaultName` (transaction-sql.ts). Regular
 * expressions are RE2, found anywhere. A rule that looks at attributes is asked of those spans alone that may be its.
 */
interface Place {
  readonly application: string
  readonly rule: TransactionRule
}

const byPriority = (rules: readonly TransactionRule[]) =>
  rules
    .map((rule, index) => ({ rule, index }))
    .sort((a, b) => (b.rule.priority ?? 0) - (a.rule.priority ?? 0) || a.index - b.index)
    .map(({ rule }) => rule)

const placesOf = ({ settings }: Naming): Place[] =>
  [...settings].flatMap(([application, { rules = [] }]) =>
    byPriority(rules).map((rule) => ({ application, rule })),
  )

/** SQL text: the name of the transaction; '' of what is excluded. */
export function nameOf(naming: Naming, attribute: AttributeOf | undefined): string {
  const named = placesOf(naming)
    .filter(({ rule }) => attribute || !looksAtAttributes(rule))
    .map((place) => `${holds(place, attribute)}, ${targetOf(place.rule, attribute)}`)
  return named.length === 0 ? 'defaultName' : `multiIf(${named.join(', ')}, defaultName)`
}

/** SQL text: attributes are to be read. */
export function needsAttributesOf(naming: Naming): string {
  const rules = placesOf(naming)
    .filter(({ rule }) => looksAtAttributes(rule))
    .map(({ application, rule }) => {
      const cheap = rule.when.filter(({ field }) => field !== 'transaction' && !attributeFields.has(field))
      return holds({ application, rule: { ...rule, when: cheap } }, undefined)
    })
  return [needsAttributes, ...rules].map((condition) => `(${condition})`).join(' OR ')
}

export const transactionsMaxDefault = 1_000

/** SQL text: how many transactions an `application` may have. */
export function transactionsMaxOf({ settings }: Naming): string {
  const own = [...settings].flatMap(([application, { transactionsMax }]) =>
    transactionsMax === undefined ? [] : `application = ${textLiteral(application)}, ${transactionsMax}`,
  )
  return own.length === 0
    ? String(transactionsMaxDefault)
    : `multiIf(${own.join(', ')}, ${transactionsMaxDefault})`
}

const attributeFields: ReadonlySet<MatchField> = new Set(['path', 'attribute', 'header'])
const looksAtAttributes = ({ when, name = '' }: TransactionRule) =>
  when.some(({ field }) => attributeFields.has(field)) || /\{(?:segment|attribute):/.test(name)

function holds({ application, rule }: Place, attribute: AttributeOf | undefined): string {
  const { services, when } = rule
  return [
    `application = ${textLiteral(application)}`,
    ...(services ? [`service IN (${services.map(textLiteral).join(', ')})`] : []),
    ...when.map((condition) => {
      const matches = matchOf(condition, attribute)
      return condition.not ? `NOT (${matches})` : matches
    }),
  ].join(' AND ')
}

function fieldOf(
  { field, key = '' }: Pick<TransactionCondition, 'field' | 'key'>,
  attribute: AttributeOf | undefined,
): string {
  switch (field) {
    case 'method':
      return 'toString(http_method)'
    case 'route':
      return 'toString(http_route)'
    case 'operation':
      return 'toString(operation)'
    case 'service':
      return 'toString(service)'
    case 'transaction':
      return 'defaultName'
    case 'path':
      return attribute ? 'httpPath' : "''"
    case 'attribute':
      return attribute ? attribute(key) : "''"
    case 'header':
      // Values of headers are lists, stored as JSON: ["a"].
      return attribute
        ? `replaceRegexpOne(${attribute(`http.request.header.${key.toLowerCase()}`)}, '^\\\\["?(.*?)"?\\\\]$', '\\\\1')`
        : "''"
  }
}

function matchOf(condition: TransactionCondition, attribute: AttributeOf | undefined): string {
  const field = fieldOf(condition, attribute)
  const { value = '', values = [] } = condition
  switch (condition.match) {
    case 'EQUALS':
      return `${field} = ${textLiteral(value)}`
    case 'CONTAINS':
      return `position(${field}, ${textLiteral(value)}) > 0`
    case 'STARTS_WITH':
      return `startsWith(${field}, ${textLiteral(value)})`
    case 'ENDS_WITH':
      return `endsWith(${field}, ${textLiteral(value)})`
    case 'MATCHES_REGEX':
      return `match(${field}, ${textLiteral(value)})`
    case 'IS_IN_LIST':
      return `${field} IN (${values.map(textLiteral).join(', ')})`
    case 'IS_NOT_EMPTY':
      return `${field} != ''`
  }
}

/** A name that comes out empty is no name: then it is the default. */
function targetOf({ action, name = '', when }: TransactionRule, attribute: AttributeOf | undefined): string {
  if (action === 'exclude') return "''"
  const parts = name.split(
    /(\{(?:segment|group|attribute):[^{}]+\}|\{(?:method|route|operation|service|transaction)\})/,
  )
  const texts = parts
    .filter((part) => part !== '')
    .map((part) => placeholderOf(part, when, attribute) ?? textLiteral(part))
  const text = `substring(trimBoth(concat(${texts.join(', ')})), 1, ${nameCharsMax})`
  return `if(${text} = '', defaultName, ${text})`
}

function placeholderOf(
  part: string,
  when: readonly TransactionCondition[],
  attribute: AttributeOf | undefined,
): string | undefined {
  const [, word, argument = ''] = /^\{([a-z]+):?(.*)\}$/.exec(part) ?? []
  switch (word) {
    case 'segment':
      return `(${segmentsOf('httpPath')})[${Number(argument)}]`
    case 'group': {
      const expression = expressionOf(when)
      return expression
        ? `extractGroups(${fieldOf(expression, attribute)}, ${textLiteral(expression.value ?? '')})[${Number(argument)}]`
        : "''"
    }
    case 'attribute':
      return attribute ? attribute(argument) : "''"
    case 'method':
    case 'route':
    case 'operation':
    case 'service':
    case 'transaction':
      return fieldOf({ field: word }, attribute)
    default:
      return undefined
  }
}
