/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { Ladder } from '../../billing/ladders.ts'
import type { OrgType } from '../../organization/org-types.ts'
import { counted } from '../counted.ts'
import { defaultChoices, defaultSays } from '../default-choices.ts'
import { type SentForm, stateOf } from '../sent-form.ts'
import { ActionForm } from './action-form.tsx'
import { Facts } from './facts.tsx'
import { SelectField, TextField } from './fields.tsx'
import { PanelPage, type Viewer } from './layout.tsx'
import { noDefault, orgTypePath, orgTypesPath, StartsOn } from './org-types-page.tsx'

export type OrgTypePageData = {
  viewer: Viewer
  orgType: OrgType
  /** How many of the viewer's tenant's are of it. */
  count: number
  ladders: readonly Ladder[]
  sent: SentForm
}

/** One kind of organization: what new ones start on, and how existing ones are given it. */
export const OrgTypePage: FC<OrgTypePageData> = (data) => {
  const { viewer, orgType, count, ladders } = data
  const { key, name, defaultLadder } = orgType
  const ladder = ladders.find((one) => one.key === defaultLadder)
  return (
    <PanelPage title={name} at={orgTypePath(key)} viewer={viewer}>
      <div class="head">
        <p class="aside">
          <a href={orgTypesPath}>Org types</a>
        </p>
        <h1>{name}</h1>
      </div>
      <section class="card plain" aria-label="About this org type">
        <Facts
          facts={[
            ['Key', <code>{key}</code>],
            ['New ones start on', <StartsOn ladder={ladder} />],
            ['Of this type', counted(count, 'organization')],
          ]}
        />
      </section>
      {viewer.role === 'operator' && (
        <>
          <section aria-labelledby="default">
            <h2 id="default">What new ones start on</h2>
            <Default {...data} />
          </section>
          <section aria-labelledby="backfill">
            <h2 id="backfill">Existing organizations</h2>
            <Backfill viewer={viewer} orgType={orgType} count={count} ladder={ladder} />
          </section>
          <section aria-labelledby="naming">
            <h2 id="naming">Name</h2>
            <Name {...data} />
          </section>
        </>
      )}
    </PanelPage>
  )
}

const Default: FC<OrgTypePageData> = ({ viewer, orgType, ladders, sent }) => {
  const { typed, faults } = stateOf(sent, 'default')
  const at = orgTypePath(orgType.key)
  return (
    <ActionForm
      viewer={viewer}
      action={`${at}/default-ladder`}
      look="card"
      label="Change the default…"
      ask={{
        title: `Change what organizations of type ${orgType.name} start on?`,
        will: 'It counts for those that are created from now on, and for whoever leaves a plan later. It moves nobody now: that is what the backfill is for.',
        button: 'Change the default',
        reason: 'optional',
        back: at,
        shows: { default_ladder: 'They start on' },
      }}
    >
      <div class="form">
        <SelectField
          name="default_ladder"
          label="Ladder"
          value={typed.default_ladder ?? orgType.defaultLadder ?? ''}
          fault={faults.default_ladder}
          hint="Ladders alone can be a default, each with what stands at its rank 0 now. A product cannot."
          none={noDefault}
          choices={defaultChoices(ladders, orgType.defaultLadder)}
        />
      </div>
    </ActionForm>
  )
}

const Backfill: FC<{ viewer: Viewer; orgType: OrgType; count: number; ladder: Ladder | undefined }> = ({
  viewer,
  orgType,
  count,
  ladder,
}) => {
  if (!ladder)
    return (
      <p class="empty small">
        There is nothing to give them: new ones start without a plan. Set a default first.
      </p>
    )
  if (count === 0) return <p class="empty small">There is no organization of this type.</p>
  return (
    <div class="card plain">
      <p class="aside">
        A default counts for new organizations. This gives it to existing ones as well: those that stand
        there, higher, or by a subscription or a grant are left as they are.
      </p>
      <div>
        <BackfillForm viewer={viewer} orgType={orgType} count={count} ladder={ladder} />
      </div>
    </div>
  )
}

const BackfillForm: FC<{ viewer: Viewer; orgType: OrgType; count: number; ladder: Ladder }> = ({
  viewer,
  orgType,
  count,
  ladder,
}) => (
  <ActionForm
    viewer={viewer}
    action={`${orgTypePath(orgType.key)}/backfill`}
    label="Backfill existing orgs…"
    ask={{
      title: `Backfill ${counted(count, 'organization')} of type ${orgType.name}?`,
      will: `Each of them without a better claim is put on ${defaultSays(ladder)}. Nobody is moved down. What was given by an earlier default ends. Afterwards you see what became of each.`,
      button: 'Backfill existing orgs',
      reason: 'optional',
      back: orgTypePath(orgType.key),
    }}
  />
)

const Name: FC<OrgTypePageData> = ({ viewer, orgType, sent }) => {
  const { typed, faults } = stateOf(sent, 'name')
  return (
    <ActionForm
      viewer={viewer}
      action={orgTypePath(orgType.key)}
      look="card"
      label="Rename…"
      ask={{
        title: `Rename ${orgType.name}?`,
        will: 'Everybody who works here sees it under this name from now on. Its key stays.',
        button: 'Rename',
        back: orgTypePath(orgType.key),
        shows: { name: 'Name' },
      }}
    >
      <div class="form">
        <TextField
          name="name"
          label="Name"
          value={typed.name ?? orgType.name}
          fault={faults.name}
          required
          maxlength={200}
        />
      </div>
    </ActionForm>
  )
}
