import type { Reader } from './types.ts'

/**
 * Query plans that stay good, for a transaction that settles: it reads by index and by nested loops alone. What it reads is always
 * a handful of rows by key; but on a fresh install no table has statistics, a statement that was prepared then keeps its plan, and a plan that reads
 * the whole inbox costs more with every event. (Measured: 81 million rows read in sequence for 18,000 events.)
 * Such a plan is the same for all values, so a statement is planned once for each connection.
 * For the transaction that selects this alone: reports and repairs want the planner's other ways.
 */
export function readsByIndex(sql: Reader) {
  return sql`
    set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
    set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true)`
}
