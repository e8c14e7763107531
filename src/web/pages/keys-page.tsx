/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { ApiKeyRow, Role } from '../../auth/api-keys.ts'
import type { Faults, Typed } from '../read-form.ts'
import { ActionForm } from './action-form.tsx'
import { SelectField, TextField, TickField } from './fields.tsx'
import { PanelPage, type Viewer } from './layout.tsx'
import { ShownOncePage } from './shown-once.tsx'
import { type Column, Table } from './table.tsx'
import { Time } from './time.tsx'

export const keysPath = '/operator/keys'

const roleSays: Readonly<Record<Role, string>> = {
  operator: 'Operator: changes what is sold, and who holds what',
  plan_approver: 'Plan approver: reads, and approves revenue plans',
  viewer: 'Viewer: reads',
  member: 'Member: sees one organization alone',
}

export type KeysPageData = {
  viewer: Viewer
  keys: readonly ApiKeyRow[]
  /** The caller's own key, where one opened the session. */
  own: string | null
  typed: Typed
  faults: Faults
}

/** Who may enter: the keys of the tenant, without their secrets. */
export const KeysPage: FC<KeysPageData> = ({ viewer, keys, own, typed, faults }) => (
  <PanelPage title="Keys" at={keysPath} viewer={viewer}>
    <div class="head">
      <h1>Keys</h1>
      <p class="aside">
        What programs and people of {keys[0] ? `the tenant ${keys[0].tenant}` : 'this tenant'} come in with.
        Only a fingerprint of each is kept: none can be shown again. <span data-zone="">Times are UTC.</span>
      </p>
    </div>
    {keys.length === 0 ? (
      <section class="empty">
        <h2>This tenant has no key.</h2>
        <p>You came in through the identity provider. Programs need a key: make one below.</p>
      </section>
    ) : (
      <Table caption="Keys" rows={keys} columns={columns(viewer, own)} />
    )}
    <section aria-labelledby="new">
      <h2 id="new">A new key</h2>
      <NewKey viewer={viewer} typed={typed} faults={faults} />
    </section>
  </PanelPage>
)

function columns(viewer: Viewer, own: string | null): Column<ApiKeyRow>[] {
  return [
    {
      title: 'Name',
      names: true,
      cell: (key) => (
        <>
          <span>{key.name || <span class="aside">without a name</span>}</span>
          <code class="id">{key.prefix}…</code>
        </>
      ),
    },
    {
      title: 'May',
      cell: (key) => (
        <>
          <span>{key.role.replace('_', ' ')}</span>
          {key.scopes.map((scope) => (
            <span class="id">and {scope.replaceAll('-', ' ')}</span>
          ))}
          {key.organization && (
            <span class="id">
              of <code>{key.organization}</code>
            </span>
          )}
        </>
      ),
    },
    { title: 'Made', cell: (key) => <Time at={key.createdAt} seconds={false} /> },
    {
      title: 'Last used',
      cell: (key) => (key.lastUsedAt ? <Time at={key.lastUsedAt} seconds={false} /> : <span>never</span>),
    },
    {
      title: 'State',
      cell: (key) =>
        key.revokedAt ? (
          <span class="state">
            <span class="badge">revoked</span> <Time at={key.revokedAt} seconds={false} />
          </span>
        ) : (
          <span class="state">
            <span class="badge done">open</span> {key.id === own && <span class="why">yours</span>}
          </span>
        ),
    },
    {
      title: 'Revoke',
      control: true,
      cell: (key) =>
        key.revokedAt ? null : (
          <ActionForm
            viewer={viewer}
            action={`${keysPath}/${key.id}/revoke`}
            label="Revoke…"
            ask={{
              title: `Revoke ${key.name || key.prefix}?`,
              will:
                key.id === own
                  ? 'It is the key that you came in with: you are signed out at once. It cannot be taken back.'
                  : 'It stops opening anything within 5 seconds, and whoever came in with it is signed out. It cannot be taken back.',
              button: 'Revoke',
              reason: 'optional',
              danger: true,
              back: keysPath,
            }}
          />
        ),
    },
  ]
}

const NewKey: FC<{ viewer: Viewer; typed: Typed; faults: Faults }> = ({ viewer, typed, faults }) => (
  <ActionForm
    viewer={viewer}
    action={keysPath}
    look="card"
    label="Make the key…"
    ask={{
      title: 'Make this key?',
      will: 'It opens Stepladder from now on, until it is revoked. You see it once, on the next page.',
      button: 'Make the key',
      back: keysPath,
      shows: { name: 'Name', role: 'Role', organization: 'Organization' },
    }}
  >
    <div class="form">
      <TextField
        name="name"
        label="Name"
        value={typed.name}
        fault={faults.name}
        hint="What it is for. The history shows it as who did something."
        required
        maxlength={100}
      />
      <SelectField
        name="role"
        label="Role"
        value={typed.role ?? 'viewer'}
        fault={faults.role}
        choices={Object.entries(roleSays).map(([value, label]) => ({ value, label }))}
        required
      />
      <TextField
        name="organization"
        label="Organization"
        value={typed.organization}
        fault={faults.organization}
        hint="A member’s alone: the key or id of the one it sees."
        code
      />
      <div class="wide">
        <TickField
          name="approves"
          label="May approve what is of high risk, beside its role"
          ticked={typed.approves === 'yes'}
        />
        {faults.approves && <p class="field-fault">This {faults.approves}.</p>}
      </div>
    </div>
  </ActionForm>
)

/** The one time that a key is seen. */
export const NewKeyPage: FC<{ viewer: Viewer; name: string; made: { id: string; key: string } }> = ({
  viewer,
  name,
  made,
}) => (
  <ShownOncePage viewer={viewer} title="A new key" at={keysPath} of={name} what="key" secret={made.key}>
    Programs send it as <code>Authorization: Bearer …</code>; a person signs in with it. To revoke it: the
    list of keys.
  </ShownOncePage>
)
