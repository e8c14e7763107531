/** Where the pages about revenue plans are. */
export const plansPath = '/operator/plans'
export const planTasksPath = `${plansPath}/tasks`
export const planOutcomesPath = `${plansPath}/outcomes`

/** The page of one plan, whatever its id is made of. */
export function planPath(planId: string): string {
  return `${plansPath}/${encodeURIComponent(planId)}`
}
