/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'

/** The way on through a list that is ordered by key and cut into pages; null: there is no such page. */
export const KeyPages: FC<{ first: string | null; next: string | null }> = ({ first, next }) =>
  first === null && next === null ? null : (
    <nav class="pages" aria-label="Pages">
      {first && <a href={first}>From the start</a>}
      {next && (
        <a href={next} rel="next">
          Next
        </a>
      )}
    </nav>
  )
