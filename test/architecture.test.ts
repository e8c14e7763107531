import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')

/** Which folders of src a folder may import from. Files directly in src are open to all, except config, which entry points read. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  db: [],
  queue: ['db'],
  auth: ['db'],
  billing: ['db'],
  organization: ['db'],
  entitlements: ['db', 'billing', 'organization'],
  stripe: ['db', 'billing', 'organization', 'entitlements'],
  // What is proposed; it neither reads nor moves who holds what, and nobody but the web and the processes knows of it.
  governance: ['db'],
  // Tells other systems of what happened, and changes none of it.
  outbound: ['db'],
  simulator: ['stripe'],
  web: ['db', 'auth', 'billing', 'organization', 'entitlements', 'stripe', 'governance', 'outbound', 'queue'],
  processes: [
    'db',
    'billing',
    'organization',
    'entitlements',
    'stripe',
    'governance',
    'outbound',
    'queue',
    'web',
    'auth',
  ],
  // Measures everything from outside, rivals beside it.
  bench: ['db', 'auth', 'billing', 'organization', 'entitlements', 'stripe', 'simulator', 'web'],
  cli: [
    'bench',
    'db',
    'auth',
    'billing',
    'organization',
    'entitlements',
    'stripe',
    'queue',
    'web',
    'simulator',
    'processes',
  ],
}
const ENTRY_POINTS = ['cli', 'processes', 'workers']

const files = ['src', 'workers'].flatMap((top) =>
  readdirSync(join(root, top), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|tsx|mjs)$/.test(name))
    .map((name) => join(top, name)),
)
const textOf = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]))

const importsOf = (file: string) =>
  [...textOf.get(file)!.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) =>
    relative(root, resolve(root, dirname(file), match[1]!)),
  )

/** `src/stripe/trail.ts` is of `stripe`; `src/errors.ts` of `errors.ts`; `workers/receiver.ts` of `workers`. */
const roomOf = (file: string) => (file.startsWith('workers/') ? 'workers' : file.split('/')[1]!)

const linesWith = (pattern: RegExp, where: (file: string) => boolean) =>
  files.filter(where).flatMap((file) =>
    textOf
      .get(file)!
      .split('\n')
      .flatMap((line, n) =>
        pattern.test(line) && !/^\s*(\/\/|\*|\/\*)/.test(line) ? [`${file}:${n + 1} ${line.trim()}`] : [],
      ),
  )

describe('the house', () => {
  test('imports go in one direction', () => {
    const wrong = files.flatMap((file) => {
      const room = roomOf(file)
      return importsOf(file).flatMap((target) => {
        const to = roomOf(target)
        if (to === room || room === 'workers') return []
        if (to === 'config.ts') return ENTRY_POINTS.includes(room) ? [] : [`${file} reads config`]
        if (target.split('/').length === 2) return []
        return MAY_IMPORT[room]?.includes(to) ? [] : [`${file} → ${target}`]
      })
    })
    expect(wrong).toEqual([])
  })

  test('no import goes in a circle', () => {
    const done = new Set<string>()
    const circles: string[] = []
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' → '))
      if (done.has(file) || path.includes(file) || !textOf.has(file)) return
      for (const target of importsOf(file)) visit(target, [...path, file])
      done.add(file)
    }
    for (const file of files) visit(file, [])
    expect(circles).toEqual([])
  })

  test('no name hides what it holds', () => {
    expect(files.filter((file) => /(^|\/)(utils?|helpers?|common|misc|lib|index)(\.|\/)/.test(file))).toEqual(
      [],
    )
  })

  test('the environment is read in one place, and by entry points', () => {
    const readers = (file: string) => !ENTRY_POINTS.includes(roomOf(file)) && file !== 'src/config.ts'
    expect(linesWith(/process\.env(?!\.PATH\b)/, readers)).toEqual([])
  })

  test('SQL stands in tagged templates: nothing is joined from strings', () => {
    expect(linesWith(/\.unsafe\(/, (file) => file !== 'src/db/migrate.ts')).toEqual([])
  })

  test('a worker is wiring and no more: at most 40 lines', () => {
    const long = files.filter(
      (file) => file.startsWith('workers/') && textOf.get(file)!.split('\n').length > 41,
    )
    expect(long).toEqual([])
  })
})

describe('who may write what', () => {
  const writes = (table: string) => new RegExp(`(insert into|update|delete from)\\s+${table}\\b`, 'i')

  test('nobody but the database’s own doors writes ladder enrollment (R22, R29)', () => {
    for (const table of ['pool_provision_ladders', 'pool_provision_transitions', 'pool_provisions'])
      expect(linesWith(writes(`entitlements\\.${table}`), () => true)).toEqual([])
  })

  test('the doors are called from entitlements alone (R22)', () => {
    const call = /entitlements\.(transition|transition_many|set_status|attach_addon|detach_addon)\(/
    expect(linesWith(call, (file) => !file.startsWith('src/entitlements/'))).toEqual([])
  })

  test('the panel and the member’s page call verbs and never write a table (R69, R70)', () => {
    const panel = (file: string) => /^src\/web\/(operator|member|pages\/)/.test(file)
    expect(files.filter(panel).length).toBeGreaterThan(20)
    expect(linesWith(/(insert\s+into|delete\s+from|update\s+[a-z_]+\.)/i, panel)).toEqual([])
  })

  test('tier history and commercial changes each have one writer (R56)', () => {
    const changes = linesWith(
      writes('billing\\.subscription_changes'),
      (file) => !/\/(record-changes|twin-rows)\.ts$/.test(file),
    )
    expect(changes).toEqual([])
  })

  test('what kind a product is, is read from the view: the label is the catalog’s own affair (R11)', () => {
    expect(linesWith(/product_?type/i, (file) => !file.startsWith('src/billing/'))).toEqual([])
  })

  test('revenue plans execute nothing by themselves: executors are wired in by processes, and they alone call out (R108)', () => {
    const executors = /governance\/executors\/(operator-task|outbound-webhook)\.ts$/
    const wired = files.filter((file) => importsOf(file).some((to) => executors.test(to)))
    expect(wired).toEqual(['src/processes/run-plans.ts'])
    const plans = (file: string) => file.startsWith('src/governance/') && !executors.test(file)
    expect(linesWith(/\bfetch\(/, plans)).toEqual([])
  })

  test('inbox rows are written once and never updated', () => {
    expect(linesWith(/(update|delete from)\s+stripe\.(events|event_bodies)\b/i, () => true)).toEqual([])
  })

  test('products carry no ladder of their own: tiers are the sole membership (R5); and no plan coordinator exists (R73)', () => {
    expect(linesWith(/products\.plan_ladder_id/, () => true)).toEqual([])
    expect(files.filter((file) => /(^|\/)plans?\//.test(file))).toEqual([])
  })
})
