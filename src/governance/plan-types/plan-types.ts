import type { PlanType } from './plan-type.ts'
import { renewalDefense } from './renewal-defense.ts'

export type PlanTypes = Readonly<Record<string, PlanType>>

/** Every kind of plan that this deployment knows. */
export const planTypes: PlanTypes = { [renewalDefense.planType]: renewalDefense }

/** Null for a type that is not configured, or not any more; `toString` and its like are none either. */
export function planTypeOf(types: PlanTypes, planType: string): PlanType | null {
  return (Object.hasOwn(types, planType) && types[planType]) || null
}
