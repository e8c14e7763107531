/** Where the pages about organizations are. */
export const organizationsPath = '/operator/organizations'
export const enrollmentTab = '/operator/enrollment'
export const grantsTab = '/operator/grants'

export function organizationPath(organizationId: string): string {
  return `${organizationsPath}/${organizationId}`
}

export function enrollmentPath(organizationId: string): string {
  return `${organizationPath(organizationId)}/enrollment`
}

/** What is given beside ladders. */
export function grantsPath(organizationId: string): string {
  return `${organizationPath(organizationId)}/grants`
}
