import type { RepeatOptions } from 'bullmq'
import type { UpkeepQueue } from './backend.ts'

/** When a task is done: every so many milliseconds, or at the times of a cron pattern in UTC. */
export type Times = { every: number } | { cron: string }

/** One try: the next time is the next try. What failed is shown at the dashboard for a day. */
const jobOptions = { attempts: 1, removeOnComplete: true, removeOnFail: { age: 86_400 } }

/**
 * Has these tasks done at their times from now on, and no others: what was scheduled before under another name or by another
 * setting is taken away. The schedule is the queue's, whoever of all processes says it, so that each time brings one job.
 */
export async function keepSchedule(
  queue: UpkeepQueue,
  wanted: Partial<Record<string, Times>>,
): Promise<void> {
  const held = await queue.getJobSchedulers()
  for (const { key } of held) if (!(key in wanted)) await queue.removeJobScheduler(key)
  for (const [task, times] of Object.entries(wanted)) {
    if (times)
      await queue.upsertJobScheduler(task, repeatOf(times), { name: task, data: {}, opts: jobOptions })
  }
}

/** Has a task done once, soon; asked for again before that, it is the same. */
export async function addSoon(queue: UpkeepQueue, task: string): Promise<void> {
  await queue.add(task, {}, { ...jobOptions, deduplication: { id: `${task}-soon` } })
}

function repeatOf(times: Times): Omit<RepeatOptions, 'key'> {
  return 'every' in times ? { every: times.every } : { pattern: times.cron, tz: 'UTC' }
}
