import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createProgram } from '../src/cli/program.ts'
import { environmentKeys } from '../src/config.ts'
import { killPoints } from '../src/processes/kill-points.ts'
import { type Rule, routesAndRoles } from '../src/web/routes-and-roles.ts'

const root = resolve(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const under = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name))

const documents = ['README.md', ...under('docs').filter((name) => name.endsWith('.md'))]
const sources = ['src', 'workers'].flatMap(under).filter((name) => name.endsWith('.ts'))
const textOf = new Map(sources.map((name) => [name, read(name)]))
/** Under src/stripe files may move from folder to folder: they are found by their names. */
const sourceNamed = (name: string) => sources.find((path) => basename(path) === name)!

/** The first cells of the tables under each heading of a document, without backticks. */
function tablesOf(document: string): Map<string, string[]> {
  const tables = new Map<string, string[]>()
  for (const section of read(document).split(/^## /m).slice(1)) {
    const [heading, ...lines] = section.split('\n')
    const rows = lines.filter((line) => line.startsWith('|') && !line.startsWith('|-')).slice(1)
    tables.set(
      heading!,
      rows.map((row) => row.split('|')[1]!.trim().replaceAll('`', '')),
    )
  }
  return tables
}

const sorted = (names: Iterable<string>) => [...new Set(names)].sort()
const wordsIn = (list: string) => [...list.matchAll(/'([\w /-]+)'/g)].map(([, word]) => word!)

/** Every closed list of words that a CHECK keeps, by schema.table.column. */
function checksInSql(): Map<string, string[]> {
  const checks = new Map<string, string[]>()
  for (const file of under('sql').filter((name) => /\/\d{4}_/.test(name))) {
    const sql = read(file).replace(/--.*$/gm, '')
    for (const [, table, columns] of sql.matchAll(/create table (\S+) \(([\s\S]*?)\n\)/g)) {
      for (const [, column, words] of columns!.matchAll(/check \([^;\n]*?\b(?!not\b)(\w+) in \(('[^)]*)\)/g))
        checks.set(`${table}.${column}`, wordsIn(words!))
    }
  }
  return checks
}

describe('docs/lifecycle.md', () => {
  const tables = tablesOf('docs/lifecycle.md')
  const headed = (name: string) => [...tables].find(([heading]) => heading.includes(`\`${name}\``))?.[1]

  test('every list of states that the database keeps closed stands there, with these states and no others', () => {
    const checks = checksInSql()
    for (const known of [
      'stripe.event_writes.state',
      'entitlements.grants.closed_reason',
      'auth.api_keys.role',
    ])
      expect([...checks.keys()]).toContain(known)
    for (const [column, states] of checks)
      expect(sorted(headed(column) ?? []), column).toEqual(sorted(states))
  })

  test('the kinds of change and the moments at which a process may die are the code’s', async () => {
    const changes = await import(join(root, sourceNamed('subscription-changes.ts')))
    expect(headed('CHANGE_KINDS')).toEqual([...changes.CHANGE_KINDS])
    expect(headed('killPoints')).toEqual([...killPoints])
  })

  test('each status of Stripe’s claims what the table says', async () => {
    const { targetOf } = await import(join(root, sourceNamed('target.ts')))
    const [, inCode] = /const CLAIM_OF_STATUS[^{]*\{([^}]*)\}/.exec(textOf.get(sourceNamed('target.ts'))!)!
    const rows = [
      ...read('docs/lifecycle.md').matchAll(/^\| `(\w+)` \| (live, suspended|live|none yet|ended) \|/gm),
    ]
    expect(sorted(rows.map(([, status]) => status!))).toEqual(
      sorted([...inCode!.matchAll(/^\s*(\w+):/gm)].map(([, status]) => status!)),
    )
    const items = [{ item: 'si_1', price: 'price_1', product: null, quantity: 1 }]
    const plan = { productId: 'p', productKey: 'p', kind: 'plan', ladders: [{ planLadderId: 'l', rank: 1 }] }
    const suspended = textOf
      .get(sourceNamed('pool-claims.ts'))!
      .match(/suspendedStatuses = new Set\((.*)\)/)![1]!
    for (const [, status, claim] of rows) {
      const target = targetOf({ subscription: 's', status, items, itemsComplete: true }, () => plan)
      const told = wordsIn(suspended).includes(status!) ? `${target.kind}, suspended` : target.kind
      expect(told, status).toBe(claim)
    }
  })
})

describe('docs/operations.md', () => {
  const tables = tablesOf('docs/operations.md')
  const inStripe = [...textOf].filter(([name]) => name.startsWith('src/stripe/'))
  const found = (pattern: RegExp, among: Iterable<[string, string]> = textOf) =>
    [...among].flatMap(([, text]) => [...text.matchAll(pattern)].map(([, word]) => word!))
  const typed = (name: string) =>
    found(new RegExp(`type ${name} =((?:\\s*\\|?\\s*'[\\w ]+')+)`, 'g'), inStripe)
      .flatMap(wordsIn)
      .map((word) => word.replaceAll(' ', '_'))

  const holes = typed('Hole')
  const waits = [
    ...typed('WaitingReason'),
    ...found(
      /reason:\s*((?:\|?\s*'\w+'\s*)+)/g,
      inStripe.filter(([, text]) => text.includes("kind: 'waiting'")),
    ).flatMap(wordsIn),
  ]
  const ended = (state: string) => [
    ...found(new RegExp(`state: '${state}', reason: '(\\w+)'`, 'g'), inStripe),
    ...(state === 'parked' ? found(/'parked', '(failed)'/g, inStripe) : []),
    ...(state === 'ignored' ? found(/ignored\('[\w-]+', (.+)\)/g, inStripe).flatMap(wordsIn) : []),
    ...found(new RegExp(`both\\('${state}', '(\\w+)'`, 'g'), inStripe),
  ]
  const [parked, ignored] = [sorted(ended('parked')), sorted(ended('ignored'))]
  const raised = found(/raiseAlarm\(\s*\w+,\s*'(\w+)'/g)

  test('every alarm that the code can raise says what to do, and no other stands there', () => {
    const reasons = waits.filter((reason) => ![...parked, ...ignored, ...holes].includes(reason))
    expect(raised).toContain('write_failed')
    expect(reasons).toContain('unmapped_price')
    expect(reasons).toContain('no_customer')
    expect(sorted(tables.get('Alarms')!)).toEqual(sorted([...raised, ...reasons]))
  })

  test('every reason for which a write waits at a hole, is parked or ignored stands there, and no other', () => {
    expect(sorted(tables.get('What waits, and why')!)).toEqual(sorted(holes))
    expect(sorted(tables.get('Parked')!)).toEqual(parked)
    expect(sorted(tables.get('What is ignored')!)).toEqual(ignored)
    for (const list of [holes, parked, ignored]) expect(list.length).toBeGreaterThan(3)
  })

  test('every metric stands there with a sensible alert, and no other', () => {
    const metrics = found(/name: '(stepladder_\w+)'/g)
    expect(metrics.length).toBeGreaterThan(5)
    expect(sorted(tables.get('Metrics')!)).toEqual(sorted(metrics))
  })

  test('every outcome of a delivery and of a fetch stands beside its metric', () => {
    const rows = read('docs/operations.md')
    const outcomes = [
      ...found(/type (?:DeliveryOutcome|FetchOutcome) =((?:\s*\|?\s*'\w+')+)/g).flatMap(wordsIn),
    ]
    expect(outcomes).toContain('fenced')
    expect(outcomes).toContain('different_body')
    for (const outcome of outcomes) expect(rows).toContain(`\`${outcome}\``)
  })
})

describe('README.md', () => {
  const readme = read('README.md')

  test('it fits a reader’s patience', () => {
    expect(readme.split('\n').length).toBeLessThanOrEqual(250)
  })

  test('every command, process, setting and address is named there', () => {
    const commands = createProgram().commands.flatMap((command) =>
      command.commands.length === 0
        ? [command.name()]
        : command.commands.map((inner) => `${command.name()} ${inner.name()}`),
    )
    expect(commands).toContain('replay waiting')
    const addresses = Object.keys(routesAndRoles)
      .map((route) => route.split(' ')[1]!)
      // The pages below the panel are found by its tabs, and the routes of the API in docs/api.md.
      .filter((path) => path !== '/' && !/^\/(api\/v1|operator|member|plans)\//.test(path))
    const processes = readdirSync(join(root, 'workers')).map((name) => `workers/${name}`)
    for (const name of [...commands, ...processes, ...environmentKeys])
      expect(readme).toContain(`\`${name}\``)
    for (const address of addresses) expect(readme).toContain(address)
  })

  test('settings that nothing reads are not offered', () => {
    const [, table] = /## Settings\n([\s\S]*?)\n## /.exec(readme)!
    const keys = [...table!.matchAll(/^\| (.*?) \|/gm)].flatMap(([, cell]) => [
      ...cell!.matchAll(/`([A-Z_]+)`/g),
    ])
    expect(sorted(keys.map(([, key]) => key!))).toEqual(sorted(environmentKeys))
  })

  test('the map leaves no folder of the source out', () => {
    const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    )
    for (const { name } of folders) expect(readme).toContain(`src/${name}`)
  })
})

describe('docs/api.md', () => {
  const whoOf = (rule: Rule) => {
    if (rule === 'approver') return 'approvers'
    if (rule === 'everyone') return 'everyone'
    if (rule.includes('viewer')) return 'readers'
    return rule.includes('plan_approver') ? 'planners' : 'operators'
  }

  test('every route of the API stands there with who may ask, and no other', () => {
    const told = [...read('docs/api.md').matchAll(/^\| `([A-Z]+ \/\S+)` \| (\w+) \|/gm)].map(
      ([, route, who]) => `${route} ${who}`,
    )
    const there = Object.entries(routesAndRoles)
      .filter(([route]) => route.includes(' /api/v1/'))
      .map(([route, rule]) => `${route.replace('/api/v1', '')} ${whoOf(rule)}`)
    expect(told).toEqual(there)
  })
})

describe('the documents', () => {
  test('every file that they name exists', () => {
    const all = [...sources, ...under('sql'), ...under('test')].map((name) => basename(name))
    const missing = documents.flatMap((document) =>
      [...read(document).matchAll(/`([\w./-]+\.(?:ts|sql|yaml|yml|md))`/g)].flatMap(([, name]) => {
        const there = name!.includes('/')
          ? existsSync(join(root, name!))
          : all.includes(name!) || existsSync(join(root, name!)) || name!.startsWith('.')
        return there ? [] : [`${document}: ${name}`]
      }),
    )
    expect(missing).toEqual([])
  })

  test('every link of theirs leads somewhere', () => {
    const broken = documents.flatMap((document) =>
      [...read(document).matchAll(/\]\(((?!https?:)[^)#]+)\)/g)].flatMap(([, target]) =>
        existsSync(join(root, dirname(document), target!)) ? [] : [`${document}: ${target}`],
      ),
    )
    expect(broken).toEqual([])
  })

  test('decisions are numbered without a gap and short', () => {
    const names = readdirSync(join(root, 'docs/decisions')).sort()
    expect(names.map((name) => Number(name.slice(0, 4)))).toEqual(names.map((_, at) => at + 1))
    for (const name of names)
      expect(read(`docs/decisions/${name}`).split('\n').length, name).toBeLessThanOrEqual(26)
  })
})
