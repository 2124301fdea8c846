import { expect, test } from 'vitest'
import { listVariable, panelSql, textVariable, timeBindings } from '../../../dashboards/grafana/panel-sql.ts'

const query = (sql: string, params: Record<string, unknown> = {}) => ({ sql, params })

test.each([
  ['a bound parameter', query('a = {from:Int64}'), { from: 'x' }, 'a = x'],
  ['a number of the query', query('LIMIT {limit:UInt32}', { limit: 8 }), {}, 'LIMIT 8'],
  ['a text of the query, escaped', query('{a:String}', { a: "it's \\" }), {}, "'it\\'s \\\\'"],
  [
    'a list of the query',
    query('{a:Array(String)}', { a: ['x', 'y'] }),
    {},
    "CAST(['x', 'y'], 'Array(String)')",
  ],
  ['an empty list', query('{a:Array(String)}', { a: [] }), {}, "CAST([], 'Array(String)')"],
  ['a flag', query('{a:Bool}', { a: true }), {}, 'true'],
  ['a binding before a value', query('{a:String}', { a: 'old' }), { a: 'new' }, 'new'],
])('%s takes the place of its parameter', (_name, given, bindings, want) => {
  expect(panelSql(given, bindings)).toBe(want)
})
test('a parameter without binding and value is an error that names it', () => {
  expect(() => panelSql(query('{clusterId:String}'), {})).toThrow('parameter clusterId')
})
test('variables are written the way Grafana reads them', () => {
  expect(timeBindings['fromMs']).toBe('toInt64(${' + '__from})')
  expect(textVariable('cluster')).toBe('${' + 'cluster:sqlstring}')
  expect(listVariable('namespace', 'ns')['namespaceIn']).toContain('[${' + 'ns:sqlstring}]')
})
