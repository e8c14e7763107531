/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { GrantEntry } from '../../entitlements/list-grants.ts'
import type { Column } from './table.tsx'
import { Time } from './time.tsx'

/** Who gave it, when and why: in every list of grants. */
export const givenByAndReason: readonly Column<GrantEntry>[] = [
  {
    title: 'Given by',
    cell: ({ actor, granted_at }) => (
      <>
        <span>{actor}</span>
        <span class="id">
          <Time at={new Date(granted_at)} seconds={false} />
        </span>
      </>
    ),
  },
  { title: 'Reason', cell: ({ reason }) => reason || '–' },
]
