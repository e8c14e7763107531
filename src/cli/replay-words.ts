import { table } from './output.ts'

/** How many events of each type, the most first. */
export function typesTable(byType: ReadonlyMap<string, number>): string {
  const rows = [...byType].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
  return table(
    ['  type', 'events'],
    rows.map(([type, count]) => [`  ${type}`, count]),
  )
}

/** Who takes up what was rung for. `alone`: nothing is running that could hear it. */
export function takenUpBy(alone: boolean): string {
  return alone
    ? 'No workers are running here: they take it up when `stepladder start` runs.'
    : 'The workers take it up; `stepladder explain` shows what became of it.'
}
