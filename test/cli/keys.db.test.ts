import { Command } from 'commander'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { callerOfKey } from '../../src/auth/api-keys.ts'
import { register } from '../../src/cli/keys.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
  vi.stubEnv('DATABASE_URL', db.appUrl)
  vi.stubEnv('OWNER_DATABASE_URL', db.ownerUrl)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await db.close()
})
afterEach(() => vi.restoreAllMocks())

/** Runs a command and answers what it printed on standard output. */
async function run(...argv: string[]): Promise<string> {
  let printed = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text
    return true
  })
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} })
  register(program)
  for (const command of program.commands[0]!.commands)
    command.exitOverride().configureOutput({ writeErr: () => {} })
  await program.parseAsync(argv, { from: 'user' })
  vi.restoreAllMocks()
  return printed
}

test('a key is made, works, is listed without its secret, and is revoked', async () => {
  const made = JSON.parse(await run('keys', 'create', '--role', 'viewer', '--name', 'Grafana', '--json'))
  expect(Object.keys(made).sort()).toEqual(['id', 'key'])
  expect(await callerOfKey(db.app, made.key)).toMatchObject({ role: 'viewer', id: made.id })
  const listed = await run('keys', 'list')
  expect(listed).toContain('Grafana')
  expect(listed).toContain(made.key.slice(0, 11))
  expect(listed).not.toContain(made.key)
  const { items } = JSON.parse(await run('keys', 'list', '--json'))
  expect(items[0]).toMatchObject({ id: made.id, role: 'viewer', tenant: 'default', revoked_at: null })
  expect(await run('keys', 'revoke', made.id)).toContain('Revoked')
  expect(await callerOfKey(db.app, made.key)).toBeNull()
  expect(JSON.parse(await run('keys', 'revoke', made.id, '--json'))).toEqual({
    id: made.id,
    outcome: 'already',
  })
})

test('a person is shown the key once, with what it takes to revoke it', async () => {
  const text = await run('keys', 'create', '--role', 'operator')
  expect(text).toMatch(/^sl_[a-z2-7]{8}_[a-z2-7]{32}\n/)
  expect(text).toContain('not shown again')
})

test('a role that does not exist, or none, is a mistake in the asking', async () => {
  await expect(run('keys', 'create', '--role', 'admin')).rejects.toMatchObject({
    code: 'commander.invalidArgument',
  })
  await expect(run('keys', 'create')).rejects.toMatchObject({ code: 'commander.missingMandatoryOptionValue' })
})

test('a key carries the scopes that it was made with, and the list shows them', async () => {
  const made = JSON.parse(
    await run('keys', 'create', '--role', 'operator', '--scope', 'high-risk-approval', '--json'),
  )
  expect(await callerOfKey(db.app, made.key)).toMatchObject({ scopes: ['high-risk-approval'] })
  expect(await run('keys', 'list')).toContain('operator + high-risk-approval')
  const { items } = JSON.parse(await run('keys', 'list', '--json'))
  expect(items[0]).toMatchObject({ scopes: ['high-risk-approval'], organization: null })
  await expect(run('keys', 'create', '--role', 'viewer', '--scope', 'everything')).rejects.toMatchObject({
    code: 'commander.invalidArgument',
  })
  await expect(run('keys', 'create', '--role', 'member', '--organization', 'nobody')).rejects.toMatchObject({
    code: 'organization_unknown',
  })
})
