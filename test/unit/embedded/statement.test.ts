import { expect, test } from 'vitest'
import { readStatement } from '../../../collector/embedded/statement.ts'

const query = (work: string, format?: string) => ({ type: 'query', work, format })

test.each([
  ['', { type: 'empty' }],
  [' -- nothing\n/* here */ ;', { type: 'empty' }],
  ['SELECT 1', query('read')],
  ['select 1 format JSON', query('read', 'JSON')],
  ['SELECT 1 FORMAT CSV SETTINGS max_threads = 1;', query('read', 'CSV')],
  ['SELECT format FROM t', query('read')],
  ['SELECT format FROM settings', query('read')],
  ['SELECT format FROM t FORMAT TSV', query('read', 'TSV')],
  ["SELECT ' FORMAT JSON'", query('read')],
  ['SELECT (SELECT 1 FORMAT JSON)', query('read')],
  ['SELECT 1 -- FORMAT JSON', query('read')],
  ["SELECT 'it''s; \\' ;'", query('read')],
  ['SELECT 1;', query('read')],
  ['SELECT 1; -- the end', query('read')],
  ['SELECT 1; SELECT 2', { type: 'multiple' }],
  ['INSERT INTO t SELECT 1; DROP TABLE t', { type: 'multiple' }],
  ['WITH 1 AS a SELECT a', query('read')],
  ['WITH 1 AS a INSERT INTO t SELECT a', query('change')],
  ['(SELECT 1) UNION ALL (SELECT 2)', query('read')],
  ['CREATE TABLE t (a Int8) ENGINE = Memory', query('change')],
  ['INSERT INTO t SELECT 1', query('change')],
  ['INSERT INTO t (a) WITH 1 AS a SELECT a', query('change')],
  ['INSERT INTO t', query('change')],
  ['KILL QUERY WHERE 1', query('control')],
  ["SELECT 1 INTO OUTFILE '/tmp/x'", { type: 'file-clause', clause: 'INTO OUTFILE' }],
  ["INSERT INTO t FROM INFILE '/etc/passwd' FORMAT CSV", { type: 'file-clause', clause: 'FROM INFILE' }],
])('%s', (sql, want) => {
  expect(readStatement(sql)).toEqual(want)
})

test.each([
  ['INSERT INTO t FORMAT JSONEachRow', 'INSERT INTO t ', '', 'JSONEachRow', ''],
  ['INSERT INTO t FORMAT RowBinary\n\x00\x01', 'INSERT INTO t ', '', 'RowBinary', '\x00\x01'],
  ['INSERT INTO t FORMAT TSV;\r\n\n1', 'INSERT INTO t ', '', 'TSV', '\n1'],
  ['INSERT INTO t (a, `FORMAT`) FORMAT CSV 1,2', 'INSERT INTO t (a, `FORMAT`) ', '', 'CSV', '1,2'],
  ['insert into d.t values (1, ";")', 'insert into d.t ', '', 'Values', ' (1, ";")'],
  ['INSERT INTO settings (a) FORMAT TSV\n1', 'INSERT INTO settings (a) ', '', 'TSV', '1'],
  ['INSERT INTO values (format) VALUES (1)', 'INSERT INTO values (format) ', '', 'Values', ' (1)'],
  ['INSERT INTO t SETTINGS a = 1 FORMAT TSV\n1', 'INSERT INTO t ', 'SETTINGS a = 1 ', 'TSV', '1'],
  [
    "INSERT INTO FUNCTION null('a Int8') FORMAT TSV 1",
    "INSERT INTO FUNCTION null('a Int8') ",
    '',
    'TSV',
    '1',
  ],
])('the rows of %s', (sql, head, settings, format, rows) => {
  const statement = readStatement(sql)
  if (statement.type !== 'insert-data') throw new Error(statement.type)
  expect(statement).toMatchObject({ head, settings, format })
  expect(sql.slice(statement.dataAt)).toBe(rows)
})
