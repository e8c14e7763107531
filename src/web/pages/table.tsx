/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { Child } from 'hono/jsx'

/** One column: what stands over it, and what a row says in it. */
export type Column<Row> = {
  /** Also shown beside the value where the screen is too narrow for columns. */
  title: string
  cell: (row: Row) => Child
  /** The column that names its row. */
  names?: boolean
  /** For a column of controls: its title is for those who cannot see it. */
  control?: boolean
}

/** A table that becomes a list of cards on a narrow screen. `caption` is for those who cannot see what it is about. */
export function Table<Row>(props: {
  caption: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  /** Marks the row that one is at. */
  isCurrent?: (row: Row) => boolean
}) {
  const { caption, columns, rows, isCurrent } = props
  return (
    <div class="scroll">
      <table>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ title, control }) => (
              <th scope="col" class={control ? 'control' : undefined}>
                {control ? <span class="unseen">{title}</span> : title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr {...(isCurrent?.(row) ? { 'aria-current': 'true' as const } : {})}>
              {columns.map(({ title, cell, names, control }) =>
                names ? (
                  <th scope="row" data-label={title}>
                    {cell(row)}
                  </th>
                ) : (
                  <td class={control ? 'control' : undefined} data-label={control ? undefined : title}>
                    {cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** The way on through a list that is cut into pages. */
export function Pages(props: { newest: string | null; older: string | null; shown: number }) {
  const { newest, older, shown } = props
  return (
    <nav class="pages" aria-label="Pages">
      {newest && <a href={newest}>Newest</a>}
      <span class="aside">{shown === 1 ? '1 row' : `${shown} rows`}</span>
      {older && (
        <a href={older} rel="next">
          Older
        </a>
      )}
    </nav>
  )
}
