import { vi } from 'vitest'
import { runProgram } from '../../src/cli/program.ts'
import { command } from '../support/started.ts'
import { event, newWorld, PRICES, subscription, type World } from '../support/world.ts'

type Ran = {
  code: number | null
  stdout: string
  stderr: string
  json: <T = Record<string, unknown>>() => T
}

export type CommandWorld = World & {
  /** The address of the database, with the application's role. */
  appUrl: string
  /** The same with the owner's. */
  ownerUrl: string
  /** The settings of commands; a test may add to them. */
  env: Record<string, string>
  /** Runs `stepladder …` on this database, in this process: one at a time. */
  run(...args: string[]): Promise<Ran>
  /** The same as a process of its own, as a person runs it. */
  runApart(...args: string[]): Promise<Ran>
}

/** A world whose database commands can be pointed at. */
export async function commandWorld(options: Parameters<typeof newWorld>[0] = {}): Promise<CommandWorld> {
  const world = await newWorld(options)
  const [where] = await world.app<{ name: string }[]>`select current_database() as name`
  const { host, port, user, pass } = world.app.options
  const address = `${[host].flat()[0]}:${[port].flat()[0]}/${where!.name}`
  const appUrl = `postgres://${user}:${pass}@${address}`
  const ownerUrl = `postgres://${world.owner.options.user}:${world.owner.options.pass}@${address}`
  const env: Record<string, string> = {
    DATABASE_URL: appUrl,
    OWNER_DATABASE_URL: ownerUrl,
    STEPLADDER_HOME: '/nowhere/stepladder',
    LOG_LEVEL: 'silent',
  }
  return {
    ...world,
    appUrl,
    ownerUrl,
    env,
    run: (...args) => here(args, env),
    async runApart(...args) {
      const apart = command(args, { env })
      return ran(await apart.ended, apart.stdout(), apart.stderr())
    },
  }
}

async function here(args: readonly string[], env: Record<string, string>): Promise<Ran> {
  const said = { stdout: '', stderr: '' }
  for (const [key, value] of Object.entries(env)) vi.stubEnv(key, value)
  for (const stream of ['stdout', 'stderr'] as const)
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      said[stream] += text
      return true
    })
  try {
    return ran(await runProgram(args), said.stdout, said.stderr)
  } finally {
    vi.restoreAllMocks()
    vi.unstubAllEnvs()
    process.exitCode = undefined
  }
}

function ran(code: number | null, stdout: string, stderr: string): Ran {
  return { code, stdout, stderr, json: <T>() => JSON.parse(stdout) as T }
}

/** One customer who subscribed to Standard and went up to Pro: two events, delivered and worked off. */
export async function upgraded(world: World, name = '1'): Promise<{ created: string; updated: string }> {
  const at = Math.floor(Date.now() / 1000) - 1000
  const ids = { id: `sub_${name}`, customer: `cus_${name}` }
  const standard = subscription(ids)
  const pro = subscription({ ...ids, items: [['si_1', PRICES.pro]] })
  const created = event('customer.subscription.created', standard, { created: at })
  const previous = { items: (standard as { items: object }).items }
  const updated = event('customer.subscription.updated', pro, { created: at + 60, previous })
  await world.deliver(created, updated)
  return { created: created.id, updated: updated.id }
}
