import { type Caller, findTenant } from '../auth/api-keys.ts'
import type { Reader } from '../db/types.ts'

/** Alarms, violations and jobs know no tenant, and name anybody's ids: the default tenant, which runs the deployment, sees them. */
export async function ofTheDeployment(reader: Reader, caller: Caller): Promise<boolean> {
  return (await findTenant(reader, 'default')) === caller.tenantId
}
