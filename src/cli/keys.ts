import { type Command, Option } from 'commander'
import { type ApiKeyRow, createApiKey, listApiKeys, revokeApiKey, roles, scopes } from '../auth/api-keys.ts'
import { type Answer, answering, table } from './output.ts'
import { withSession } from './session.ts'

type Wanted = { role: string; tenant?: string; organization?: string; scope?: string[]; name?: string }

/** `stepladder keys`: who may enter the API and the panel. */
export function register(program: Command): void {
  const keys = program.command('keys').description('API keys: make, list, revoke')
  keys
    .command('create')
    .description('make a key; it is shown this once')
    .addOption(new Option('--role <role>', 'what it may do').choices(roles).makeOptionMandatory())
    .option('--tenant <tenant>', 'whose data it sees: a tenant’s key or id (default: the tenant `default`)')
    .option(
      '--organization <organization>',
      'a member’s key: the one organization that it sees, by id or key',
    )
    .addOption(
      new Option(
        '--scope <scope...>',
        'what it may do beside its role: high-risk-approval answers for revenue plans',
      ).choices(scopes),
    )
    .option('--name <name>', 'what it is for, as the list shows it')
    .option('--json', 'print one JSON document: { id, key }')
    .action(answering(create))
  keys
    .command('list')
    .description('every key, newest first, without its secret')
    .option('--json', 'print one JSON document')
    .action(answering(list))
  keys
    .command('revoke')
    .description('close a key and every session that it opened, within seconds')
    .argument('<id>', 'as `keys list` shows it')
    .option('--json', 'print one JSON document')
    .action(answering(revoke))
}

async function create({ scope = [], ...wanted }: Wanted): Promise<Answer> {
  const made = await withSession(({ app }) => createApiKey(app, { ...wanted, scopes: scope }))
  return { json: made, text: `${made.key}\n\nIt is not shown again. Its id, to revoke it: ${made.id}` }
}

async function list(): Promise<Answer> {
  const rows = await withSession(({ app }) => listApiKeys(app))
  const cells = rows.map((row) => [
    row.id,
    `${row.prefix}…`,
    [row.role, ...row.scopes].join(' + '),
    row.organization ? `${row.tenant} ${row.organization}` : row.tenant,
    stateOf(row),
    row.lastUsedAt?.toISOString().slice(0, 16) ?? 'never',
    row.name,
  ])
  return {
    json: { items: rows.map(documented) },
    text:
      rows.length === 0
        ? 'There is no key yet. Make one: stepladder keys create --role operator'
        : table(['id', 'key', 'role', 'tenant', 'state', 'last used', 'name'], cells),
  }
}

async function revoke(id: string): Promise<Answer> {
  const outcome = await withSession(({ app }) => revokeApiKey(app, id))
  const text =
    outcome === 'revoked' ? 'Revoked. It stops opening anything within 5 seconds.' : 'It was revoked before.'
  return { json: { id, outcome }, text }
}

function stateOf(row: ApiKeyRow): string {
  return row.revokedAt ? 'revoked' : 'open'
}

function documented(row: ApiKeyRow): Record<string, unknown> {
  return {
    id: row.id,
    prefix: row.prefix,
    name: row.name,
    role: row.role,
    scopes: row.scopes,
    tenant: row.tenant,
    organization: row.organization,
    created_at: row.createdAt,
    last_used_at: row.lastUsedAt,
    revoked_at: row.revokedAt,
  }
}
