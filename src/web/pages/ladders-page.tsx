/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { Ladder } from '../../billing/ladders.ts'
import { counted } from '../counted.ts'
import type { Faults, Typed } from '../read-form.ts'
import { ActionForm } from './action-form.tsx'
import { AreaField, TextField } from './fields.tsx'
import { KeyPages } from './key-pages.tsx'
import { PanelPage, type Viewer } from './layout.tsx'
import { type Column, Table } from './table.tsx'

export const laddersPath = '/operator/ladders'

export function ladderPath(key: string): string {
  return `${laddersPath}/${key}`
}

export type LaddersPageData = {
  viewer: Viewer
  ladders: readonly Ladder[]
  first: string | null
  next: string | null
  typed: Typed
  faults: Faults
}

/** The ordered lists of plans, and what stands on each. */
export const LaddersPage: FC<LaddersPageData> = ({ viewer, ladders, first, next, typed, faults }) => (
  <PanelPage title="Plan ladders" at={laddersPath} viewer={viewer}>
    <div class="head">
      <h1>Plan ladders</h1>
      <p class="aside">
        A ladder is an ordered list of plans. An organization stands on one tier of each at most; rank 0 is
        the lowest.
      </p>
    </div>
    {ladders.length === 0 ? (
      <section class="empty">
        <h2>{first === null ? 'There is no ladder yet.' : 'No ladder comes after those.'}</h2>
        <p>Create one below, or bring in a catalog file: stepladder catalog apply.</p>
      </section>
    ) : (
      <div class="list">
        <Table caption="Plan ladders" rows={ladders} columns={columns} />
        <KeyPages first={first} next={next} />
      </div>
    )}
    {viewer.role === 'operator' && (
      <section aria-labelledby="new">
        <h2 id="new">A new ladder</h2>
        <NewLadder viewer={viewer} typed={typed} faults={faults} />
      </section>
    )}
  </PanelPage>
)

const columns: Column<Ladder>[] = [
  {
    title: 'Ladder',
    names: true,
    cell: ({ key, name, description }) => (
      <>
        <a href={ladderPath(key)}>{name}</a>
        <code class="id">{key}</code>
        {description && <span class="id">{description}</span>}
      </>
    ),
  },
  {
    title: 'Plans, the lowest first',
    cell: ({ tiers }) =>
      tiers.length === 0 ? (
        <span class="why">none yet</span>
      ) : (
        <span>{tiers.map(({ name }) => name).join(' › ')}</span>
      ),
  },
  {
    title: 'Stand on it',
    cell: (ladder) => <span>{counted(standingOn(ladder), 'organization')}</span>,
  },
  {
    title: 'Where new ones start',
    cell: ({ defaultOf }) =>
      defaultOf.length === 0 ? <span class="why">for none</span> : <span>{defaultOf.join(', ')}</span>,
  },
  {
    title: 'Tiers',
    control: true,
    cell: ({ key, name }) => (
      <a class="button quiet" href={ladderPath(key)} aria-label={`Tiers of ${name}`}>
        Tiers
      </a>
    ),
  },
]

/** Organizations that stand on any tier of it now. */
export function standingOn({ tiers }: Ladder): number {
  return tiers.reduce((sum, { attachments }) => sum + attachments, 0)
}

const NewLadder: FC<{ viewer: Viewer; typed: Typed; faults: Faults }> = ({ viewer, typed, faults }) => (
  <ActionForm
    viewer={viewer}
    action={laddersPath}
    look="card"
    label="Create the ladder…"
    ask={{
      title: 'Create this ladder?',
      will: 'It has no tiers yet, and moves nobody. Its key stays for ever.',
      button: 'Create the ladder',
      back: laddersPath,
      shows: { name: 'Name', key: 'Key', description: 'Description' },
    }}
  >
    <div class="form">
      <TextField
        name="name"
        label="Name"
        value={typed.name}
        fault={faults.name}
        required
        maxlength={200}
        placeholder="Core"
      />
      <TextField
        name="key"
        label="Key"
        value={typed.key}
        fault={faults.key}
        hint="Small letters and digits, with hyphens between words: core-plans. Programs know it by this."
        required
        maxlength={100}
        code
      />
      <div class="wide">
        <AreaField
          name="description"
          label="Description, if it needs one"
          value={typed.description}
          fault={faults.description}
          rows={2}
          maxlength={2000}
        />
      </div>
    </div>
  </ActionForm>
)
