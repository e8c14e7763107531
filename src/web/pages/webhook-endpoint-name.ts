import type { Endpoint } from '../../outbound/endpoints.ts'

export const webhookEndpointsPath = '/operator/webhook-endpoints'

/** What an endpoint is called in a sentence: what somebody wrote about it, else the machine to which it leads. */
export function nameOfEndpoint({ url, description }: Pick<Endpoint, 'url' | 'description'>): string {
  return description || new URL(url).host
}
