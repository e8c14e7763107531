/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import { planOutcomesPath, plansPath, planTasksPath } from './plan-paths.ts'

/** The pages about all revenue plans. `here`: the one that is shown. */
export const PlansTabs: FC<{ here: string }> = ({ here }) => (
  <nav class="tabs" aria-label="Pages about revenue plans">
    {(
      [
        [plansPath, 'Plans'],
        [planTasksPath, 'Tasks'],
        [planOutcomesPath, 'Did it work?'],
      ] as const
    ).map(([href, title]) => (
      <a href={href} {...(href === here ? { 'aria-current': 'page' as const } : {})}>
        {title}
      </a>
    ))}
  </nav>
)
