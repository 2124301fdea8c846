import { useVirtualizer } from '@tanstack/react-virtual'
import { type CSSProperties, type ReactNode, useMemo, useRef, useState } from 'react'
import { type Sorting, type SortValue, sortRows } from './sort-rows.ts'
import { useTableKeys } from './use-table-keys.ts'
import './data-table.css'

export interface Column<Row> {
  readonly header: string
  readonly cell: (row: Row) => ReactNode
  readonly sort?: (row: Row) => SortValue
  /** Right-aligned, tabular figures, first click sorts the most first. */
  readonly numeric?: boolean
  /** In px; long tables need it, since only the rows in view are drawn. A CSS length also cuts longer content. */
  readonly width?: number | string
  /** What the column means. */
  readonly hint?: string
}

interface Props<Row> {
  readonly rows: readonly Row[]
  readonly rowKey: (row: Row) => string
  readonly columns: readonly Column<Row>[]
  readonly onOpen?: (row: Row) => void
  readonly selectedKey?: string | undefined
  readonly initialSort?: Sorting
}

const rowHeight = 32
/** Longer tables scroll in their own box and draw only what is in view. */
const plainRowsMax = 80

/** Rows to sort by any column, to walk with j and k, and to open with Enter or a click. */
export function DataTable<Row>({ rows, rowKey, columns, onOpen, selectedKey, initialSort }: Props<Row>) {
  const [sorting, setSorting] = useState<Sorting | undefined>(initialSort)
  const sorted = useMemo(() => {
    const valueFor = sorting && columns[sorting.column]?.sort
    return sorting && valueFor ? sortRows(rows, valueFor, sorting.descending) : rows
  }, [rows, columns, sorting])
  const box = useRef<HTMLDivElement>(null)
  const long = sorted.length > plainRowsMax
  const virtual = useVirtualizer({
    count: long ? sorted.length : 0,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  })
  const [active, setActive] = useState<string | undefined>()
  useTableKeys(box, {
    keys: () => sorted.map(rowKey),
    active,
    onActivate: (key, index) => {
      setActive(key)
      if (long) virtual.scrollToIndex(index)
      else box.current?.querySelectorAll('tbody tr')[index]?.scrollIntoView({ block: 'nearest' })
    },
    onOpen: (index) => {
      const row = sorted[index]
      if (row !== undefined) onOpen?.(row)
    },
  })
  const items = long ? virtual.getVirtualItems() : []
  const first = items[0]?.start ?? 0
  const last = long ? virtual.getTotalSize() - (items.at(-1)?.end ?? 0) : 0
  const shown = long ? items.map(({ index }) => sorted[index]).filter((row) => row !== undefined) : sorted

  return (
    <div ref={box} className={long ? 'data-table data-table-long' : 'data-table'} data-table>
      <table style={tableWidth(columns)}>
        <TableHead columns={columns} sorting={sorting} onSort={setSorting} />
        <tbody>
          {first > 0 && <Gap height={first} columns={columns.length} />}
          {shown.map((row) => {
            const key = rowKey(row)
            return (
              <tr
                key={key}
                data-active={key === active || undefined}
                aria-selected={key === selectedKey}
                className={onOpen ? 'openable' : undefined}
                onClick={(event) => {
                  if (isOwnTarget(event.target)) return
                  setActive(key)
                  onOpen?.(row)
                }}
              >
                {columns.map((column) => (
                  <td
                    key={column.header}
                    className={column.numeric ? 'numeric' : undefined}
                    style={typeof column.width === 'string' ? { maxWidth: column.width } : undefined}
                  >
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            )
          })}
          {last > 0 && <Gap height={last} columns={columns.length} />}
        </tbody>
      </table>
    </div>
  )
}

/** Columns of known width keep it, whatever rows are in view; what room is left they share. */
function tableWidth<Row>(columns: readonly Column<Row>[]): CSSProperties | undefined {
  let sum = 0
  for (const { width } of columns) {
    if (typeof width !== 'number') return undefined
    sum += width
  }
  return { tableLayout: 'fixed', width: '100%', minWidth: sum }
}

function Gap({ height, columns }: { readonly height: number; readonly columns: number }) {
  return (
    <tr className="gap">
      <td colSpan={columns} style={{ height, padding: 0 }} />
    </tr>
  )
}

interface HeadProps<Row> {
  readonly columns: readonly Column<Row>[]
  readonly sorting: Sorting | undefined
  readonly onSort: (sorting: Sorting) => void
}

function TableHead<Row>({ columns, sorting, onSort }: HeadProps<Row>) {
  const sortBy = (column: number) =>
    onSort({
      column,
      descending: sorting?.column === column ? !sorting.descending : (columns[column]?.numeric ?? false),
    })
  return (
    <thead>
      <tr>
        {columns.map((column, index) => {
          const direction =
            sorting?.column === index ? (sorting.descending ? 'descending' : 'ascending') : undefined
          return (
            <th
              key={column.header}
              className={column.numeric ? 'numeric' : undefined}
              aria-sort={direction}
              style={column.width ? { width: column.width, minWidth: column.width } : undefined}
              title={column.hint}
            >
              {column.sort ? (
                <button type="button" onClick={() => sortBy(index)}>
                  {column.header}
                  <span aria-hidden="true">
                    {direction === 'ascending' ? ' ↑' : direction === 'descending' ? ' ↓' : ''}
                  </span>
                </button>
              ) : (
                column.header
              )}
            </th>
          )
        })}
      </tr>
    </thead>
  )
}

/** Links and buttons within a row do their own thing. */
function isOwnTarget(target: EventTarget): boolean {
  return target instanceof Element && target.closest('a, button, input, select, summary, label') !== null
}
