/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { Ladder } from '../../billing/ladders.ts'
import { counted } from '../counted.ts'
import { type SentForm, stateOf } from '../sent-form.ts'
import { ActionForm } from './action-form.tsx'
import { Facts } from './facts.tsx'
import { AreaField, TextField } from './fields.tsx'
import { type LadderPageData, LadderTiers } from './ladder-tiers.tsx'
import { ladderPath, laddersPath, standingOn } from './ladders-page.tsx'
import { PanelPage, type Viewer } from './layout.tsx'
import { orgTypePath } from './org-types-page.tsx'
import { Time } from './time.tsx'

/** One ladder: its tiers, who stands on them, and what may be done with it. */
export const LadderPage: FC<LadderPageData> = (data) => {
  const { viewer, ladder, sent } = data
  const { key, name, description, defaultOf, createdAt, updatedAt } = ladder
  return (
    <PanelPage title={name} at={ladderPath(key)} viewer={viewer}>
      <div class="head">
        <p class="aside">
          <a href={laddersPath}>Plan ladders</a>
        </p>
        <h1>{name}</h1>
        {description && <p class="aside">{description}</p>}
      </div>
      <section class="card plain" aria-label="About this ladder">
        <Facts
          facts={[
            ['Key', <code>{key}</code>],
            ['Stand on it', counted(standingOn(ladder), 'organization')],
            [
              'Where new ones start',
              defaultOf.length === 0
                ? 'for no org type'
                : defaultOf.map((orgType) => <a href={orgTypePath(orgType)}>{orgType}</a>),
            ],
            ['Created', <Time at={createdAt} seconds={false} />],
            ['Last changed', <Time at={updatedAt} seconds={false} />],
          ]}
        />
        <p class="aside">
          <span data-zone="">Times are UTC.</span>
        </p>
      </section>
      <LadderTiers {...data} />
      {viewer.role === 'operator' && (
        <>
          <section aria-labelledby="names">
            <h2 id="names">Name and description</h2>
            <Names viewer={viewer} ladder={ladder} sent={sent} />
          </section>
          <section aria-labelledby="delete">
            <h2 id="delete">Delete this ladder</h2>
            <Delete viewer={viewer} ladder={ladder} />
          </section>
        </>
      )}
    </PanelPage>
  )
}

const Names: FC<{ viewer: Viewer; ladder: Ladder; sent: SentForm }> = ({ viewer, ladder, sent }) => {
  const { faults } = stateOf(sent, 'names')
  const typed = sent?.form === 'names' ? sent.typed : { ...ladder, description: ladder.description ?? '' }
  return (
    <ActionForm
      viewer={viewer}
      action={ladderPath(ladder.key)}
      look="card"
      label="Change…"
      ask={{
        title: `Change how ${ladder.name} is called?`,
        will: 'Everybody who works here sees it under this name from now on. Its key stays.',
        button: 'Change',
        back: ladderPath(ladder.key),
        shows: { name: 'Name', description: 'Description' },
      }}
    >
      <div class="form">
        <TextField name="name" label="Name" value={typed.name} fault={faults.name} required maxlength={200} />
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
}

/** Offered where nothing that the page knows of stands against it; what has come since is told when it is refused. */
const Delete: FC<{ viewer: Viewer; ladder: Ladder }> = ({ viewer, ladder }) => {
  const { key, name, tiers, defaultOf } = ladder
  const standing = standingOn(ladder)
  const against = [
    ...(standing > 0
      ? [`${counted(standing, 'organization')} ${standing === 1 ? 'stands' : 'stand'} on its tiers`]
      : []),
    ...(standing === 0 && tiers.some(({ claims }) => claims > 0)
      ? ['live subscriptions or grants claim its tiers']
      : []),
    ...(tiers.some(({ ceilings }) => ceilings > 0) ? ['ceilings stand on its tiers'] : []),
    ...(defaultOf.length > 0
      ? [`the org ${defaultOf.length === 1 ? 'type' : 'types'} ${defaultOf.join(', ')} would have no default`]
      : []),
  ]
  if (against.length > 0)
    return (
      <p class="empty small">
        It cannot be deleted now: {against.join(', and ')}. A ladder goes only when nobody would notice.
      </p>
    )
  return (
    <div>
      <ActionForm
        viewer={viewer}
        action={`${ladderPath(key)}/delete`}
        label={`Delete ${name}…`}
        ask={{
          title: `Delete ${name}?`,
          will: `${tiers.length === 0 ? 'It has no tiers.' : `Its ${counted(tiers.length, 'tier')} ${tiers.length === 1 ? 'goes' : 'go'} with it; the products stay.`} If somebody ever stood on it, its history keeps it, out of use.`,
          button: 'Delete',
          reason: 'optional',
          danger: true,
          back: ladderPath(key),
        }}
      />
    </div>
  )
}
