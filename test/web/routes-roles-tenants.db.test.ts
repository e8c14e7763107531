import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiKey, type Role, roles } from '../../src/auth/api-keys.ts'
import { routesAndRoles, ruleFor } from '../../src/web/routes-and-roles.ts'
import type { WebServer } from '../../src/web/server.ts'
import { event, newWorld, subscription, type World } from '../support/world.ts'
import { bearer, listeningApp } from './app-for-test.ts'

let world: World
let server: WebServer
/** By whose they are. */
const keys: Record<'ours' | 'theirs', Partial<Record<Role, string>>> = { ours: {}, theirs: {} }
/** What is ours, by what an address calls it. */
let ours: Record<string, string>

const nobody = '6f9619ff-8b86-4011-b42d-00cf4fc964ff'
const absent: Record<string, string> = {
  organization: nobody,
  grant: nobody,
  ceiling: nobody,
  event: 'evt_nobody',
  plan: 'plan-0',
  key: nobody,
  task: nobody,
  step: nobody,
}

beforeAll(async () => {
  world = await newWorld()
  server = await listeningApp(world.app)
  await world.owner`insert into organization.tenants (tenant_key, name) values ('acme', 'Acme')`
  await world.deliver(event('customer.subscription.created', subscription(), { id: 'evt_ours' }))
  const [row] = await world.owner<{ organization: string }[]>`
    select organization_id as organization from stripe.customers where stripe_customer_id = 'cus_1'`
  const { organization } = row!
  for (const role of roles) {
    const member = role === 'member'
    keys.ours[role] = (await createApiKey(world.app, { role, ...(member && { organization }) })).key
    keys.theirs[role] = (await createApiKey(world.app, { role, tenant: 'acme' })).key
  }
  const make = async (path: string, body: object) => {
    const response = await fetch(`${server.url}/api/v1${path}`, {
      method: 'POST',
      headers: { ...bearer(keys.ours.operator!), 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    expect({ path, status: response.status }).toEqual({ path, status: 201 })
    return (await response.json()) as Record<string, string>
  }
  const reason = 'x'
  const at = `/organizations/${organization}`
  const grant = await make(`${at}/grants`, { product: 'pro', reason })
  const ceiling = await make(`${at}/transitions`, {
    ladder: 'core',
    product: 'standard',
    mode: 'at_most',
    reason,
  })
  const plan = await make('/plans/propose', { account_id: organization })
  const [task] = await world.owner<{ taskId: string }[]>`
    insert into governance.operator_tasks
      (tenant_id, account_id, plan_id, step_id, attempt, idempotency_key, action_type, instruction, task_state, opened_at)
    select tenant_id, organization_id, ${plan.plan_id!}, gen_random_uuid(), 1, 'k', 'CALL', 'Call', 'open', now()
    from organization.organizations where organization_id = ${organization}
    returning task_id`
  ours = {
    organization,
    grant: grant.grant_id!,
    ceiling: ceiling.ceiling_id!,
    event: 'evt_ours',
    plan: plan.plan_id!,
    key: (await createApiKey(world.app, { role: 'viewer' })).id,
    task: task!.taskId,
    endpoint: (await make('/webhook-endpoints', { url: 'https://example.com/hooks' })).id!,
    step: (plan as unknown as { steps: { step_id: string }[] }).steps[0]!.step_id,
  }
})
afterAll(async () => {
  await server.close(100)
  await world.close()
})

/** What is the deployment's, and the same for every tenant. */
const shared = /^\/(api\/v1|operator)\/(products|ladders|org-types|assets|queues)\//
/** What a name in an address stands for, by what stands before it. */
const meanings: [RegExp, string][] = [
  [/\/organizations\/$/, 'organization'],
  [/\/(flat-)?grants\/$/, 'grant'],
  [/\/ceilings\/$/, 'ceiling'],
  [/\/events\/$/, 'event'],
  [/\/plans\/$/, 'plan'],
  [/\/tasks\/$/, 'task'],
  [/\/steps\/$/, 'step'],
  [/\/keys\/$/, 'key'],
  [/\/webhook-endpoints\/$/, 'endpoint'],
]

const walked = Object.keys(routesAndRoles)
  .map((route) => route.split(' ') as [string, string])
  .filter(([, path]) => /[:*]/.test(path) && !shared.test(path))

function addressOf(path: string, values: Readonly<Record<string, string>>): string {
  return path.replace(/:(\w+)/g, (name, _, offset: number) => {
    const meaning = meanings.find(([before]) => before.test(path.slice(0, offset)))
    if (!meaning)
      throw new Error(`Whose is ${name} in ${path}? Say it in this test, or that it is the deployment's.`)
    return values[meaning[1]]!
  })
}

async function ask(method: string, address: string, key: string | null) {
  const response = await fetch(server.url + address, {
    method,
    headers: { 'x-forwarded-for': '203.0.113.9', ...(key && bearer(key)) },
    redirect: 'manual',
  })
  return { status: response.status, location: response.headers.get('location'), text: await response.text() }
}

/** The same without the ids that were asked for: all else has to be equal. */
function blind(answer: Awaited<ReturnType<typeof ask>>): object {
  const ids = [...Object.values(ours), ...Object.values(absent)]
  const without = (text: string | null) => ids.reduce((left, id) => (left ?? '').replaceAll(id, 'ID'), text)
  return { ...answer, text: without(answer.text), location: without(answer.location) }
}

test('there are routes to walk', () => {
  expect(walked.length).toBeGreaterThan(25)
})

test.each(walked)(
  '%s %s: each role of each tenant sees its own, and of others as much as of nothing',
  async (method, path) => {
    const rule = ruleFor(method, path.replace(/:\w+/g, 'x'))
    const [own, none] = [addressOf(path, ours), addressOf(path, absent)]
    expect((await ask(method, own, null)).status).toBe(401)
    for (const role of roles) {
      const theirs = await ask(method, own, keys.theirs[role]!)
      const nothing = await ask(method, none, keys.theirs[role]!)
      expect({ role, answer: blind(theirs) }).toEqual({ role, answer: blind(nothing) })
      const enters = Array.isArray(rule)
        ? rule.includes(role)
        : rule === 'approver' && role === 'plan_approver'
      if (!enters) {
        expect({ role, status: theirs.status }).toEqual({ role, status: 403 })
        expect({ role, status: (await ask(method, own, keys.ours[role]!)).status }).toEqual({
          role,
          status: 403,
        })
      } else if (method === 'GET') {
        expect({ role, status: theirs.status }).toEqual({ role, status: 404 })
        expect({ role, status: (await ask(method, own, keys.ours[role]!)).status }).toEqual({
          role,
          status: 200,
        })
      }
    }
  },
)
