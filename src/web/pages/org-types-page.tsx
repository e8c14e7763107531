/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { Ladder } from '../../billing/ladders.ts'
import type { OrgType } from '../../organization/org-types.ts'
import { counted } from '../counted.ts'
import { defaultChoices, defaultSays } from '../default-choices.ts'
import type { Faults, Typed } from '../read-form.ts'
import { ActionForm } from './action-form.tsx'
import { SelectField, TextField } from './fields.tsx'
import { ladderPath } from './ladders-page.tsx'
import { PanelPage, type Viewer } from './layout.tsx'
import { type Column, Table } from './table.tsx'

export const orgTypesPath = '/operator/org-types'
/** What the choice of no default is called (R35). */
export const noDefault = 'None: they start without a plan'

export function orgTypePath(key: string): string {
  return `${orgTypesPath}/${key}`
}

export type OrgTypesPageData = {
  viewer: Viewer
  orgTypes: readonly OrgType[]
  /** By key, how many of the viewer's tenant's are of each type. */
  counts: ReadonlyMap<string, number>
  ladders: readonly Ladder[]
  typed: Typed
  faults: Faults
}

/** Kinds of organizations, and what each starts on. */
export const OrgTypesPage: FC<OrgTypesPageData> = (data) => {
  const { viewer, orgTypes } = data
  return (
    <PanelPage title="Org types" at={orgTypesPath} viewer={viewer}>
      <div class="head">
        <h1>Org types</h1>
        <p class="aside">
          A kind of organization, and the ladder on whose rank 0 a new one starts. What stands at rank 0 is
          looked up when it is needed.
        </p>
      </div>
      {orgTypes.length === 0 ? (
        <section class="empty">
          <h2>There is no org type yet.</h2>
          <p>Every organization is of one: create the first below.</p>
        </section>
      ) : (
        <Table caption="Org types" rows={orgTypes} columns={columns(data)} />
      )}
      {viewer.role === 'operator' && (
        <section aria-labelledby="new">
          <h2 id="new">A new org type</h2>
          <NewOrgType {...data} />
        </section>
      )}
    </PanelPage>
  )
}

function columns({ ladders, counts }: OrgTypesPageData): Column<OrgType>[] {
  return [
    {
      title: 'Org type',
      names: true,
      cell: ({ key, name }) => (
        <>
          <a href={orgTypePath(key)}>{name}</a>
          <code class="id">{key}</code>
        </>
      ),
    },
    {
      title: 'New ones start on',
      cell: ({ defaultLadder }) => <StartsOn ladder={ladders.find(({ key }) => key === defaultLadder)} />,
    },
    {
      title: 'Of this type',
      cell: ({ key }) => <span>{counted(counts.get(key) ?? 0, 'organization')}</span>,
    },
  ]
}

export const StartsOn: FC<{ ladder: Ladder | undefined }> = ({ ladder }) =>
  ladder ? <a href={ladderPath(ladder.key)}>{defaultSays(ladder)}</a> : <span class="why">no plan</span>

const NewOrgType: FC<OrgTypesPageData> = ({ viewer, ladders, typed, faults }) => (
  <ActionForm
    viewer={viewer}
    action={orgTypesPath}
    look="card"
    label="Create the org type…"
    ask={{
      title: 'Create this org type?',
      will: 'Organizations can be of it from now on. Its key stays for ever.',
      button: 'Create the org type',
      back: orgTypesPath,
      shows: { name: 'Name', key: 'Key', default_ladder: 'New ones start on' },
    }}
  >
    <div class="form">
      <TextField name="name" label="Name" value={typed.name} fault={faults.name} required maxlength={200} />
      <TextField
        name="key"
        label="Key"
        value={typed.key}
        fault={faults.key}
        hint="Small letters and digits, with hyphens between words: housing-coop."
        required
        maxlength={100}
        code
      />
      <SelectField
        name="default_ladder"
        label="New ones start on"
        value={typed.default_ladder}
        fault={faults.default_ladder}
        none={noDefault}
        choices={defaultChoices(ladders, null)}
      />
    </div>
  </ActionForm>
)
