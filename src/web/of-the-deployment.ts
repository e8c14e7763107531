import { findTenant } from '../auth/api-keys.ts'
import type { Db } from '../db/types.ts'
import type { WebContext } from './web-env.ts'

/** Alarms and violations know no tenant, and name anybody's ids: the default tenant, which runs the deployment, sees them. */
export async function ofTheDeployment(db: Db, c: WebContext): Promise<boolean> {
  return (await findTenant(db, 'default')) === c.get('caller')!.tenantId
}
