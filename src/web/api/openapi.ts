import { z } from 'zod'
import { forWhom, routesAndRoles } from '../routes-and-roles.ts'
import { problemAnswer } from './answers.ts'
import { type ApiRoute, idempotencyHeader, longestPart } from './api-route.ts'

/** As far as this API needs it. Source: https://spec.openapis.org/oas/v3.1.1.html */
export type OpenApi = {
  openapi: '3.1.1'
  info: { title: string; version: string; description: string; license: { name: string; identifier: string } }
  servers: { url: string }[]
  security: { key: string[] }[]
  tags: { name: string }[]
  paths: Record<string, Record<string, Operation>>
  components: {
    securitySchemes: Record<string, JsonSchema>
    responses: Record<string, Answer>
    schemas: Record<string, JsonSchema>
  }
}

export type Operation = {
  operationId: string
  summary: string
  /** Who may ask. */
  description: string
  tags: string[]
  parameters: Parameter[]
  requestBody?: { required: boolean; content: { 'application/json': { schema: JsonSchema } } }
  responses: Record<string, Answer | { $ref: string }>
}

export type Parameter = {
  name: string
  in: 'path' | 'query' | 'header'
  required: boolean
  description?: string
  schema: JsonSchema
}

type Answer = { description: string; content: Record<string, { schema: JsonSchema }> }
export type JsonSchema = Record<string, unknown>

export const idempotencyKey = {
  name: idempotencyHeader,
  in: 'header',
  required: false,
  description:
    'Any text of your own, new for each thing that is to be done: sent again with the same body within 24 hours, it is done once and answered alike.',
  schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[\\x21-\\x7e]+$' },
} as const satisfies Parameter

/** Describes routes by the very schemas that check them, so that no description can fall behind. */
export function openApiOf(routes: readonly ApiRoute[]): OpenApi {
  const schemas: Record<string, JsonSchema> = {}
  const paths: OpenApi['paths'] = {}
  const problem = { 'application/problem+json': { schema: schemaOf(problemAnswer, 'output', schemas) } }
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}')
    paths[path] ??= {}
    paths[path][route.method] = operationOf(route, schemas)
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Stepladder',
      version: '1',
      description:
        'Who stands on which tier of which plan ladder, why, and what operators may do about it. A key tells the tenant: the ids of another are answered as ids that nobody has.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/api/v1' }],
    security: [{ key: [] }],
    tags: [...new Set(routes.map(tagOf))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        key: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API key, or a token of the identity provider. Make a key: stepladder keys create',
        },
      },
      responses: {
        Problem: { description: 'It was refused, or could not be done; `code` says why.', content: problem },
      },
      schemas,
    },
  }
}

function operationOf(route: ApiRoute, schemas: Record<string, JsonSchema>): Operation {
  const { method, path, does, query, body, gives } = route
  const answers = Object.entries(gives).map(([status, schema]): [string, Answer] => [
    status,
    {
      description: status === '201' ? 'It was made.' : 'It was done.',
      content: { 'application/json': { schema: schemaOf(schema!, 'output', schemas) } },
    },
  ])
  return {
    operationId: method + path.replace(/[/:-]+(\w)/g, (_, letter: string) => letter.toUpperCase()),
    summary: does,
    description: whoMay(route),
    tags: [tagOf(route)],
    parameters: [
      ...[...path.matchAll(/:(\w+)/g)].map(
        ([, name]): Parameter => ({
          name: name!,
          in: 'path',
          required: true,
          schema: { type: 'string', minLength: 1, maxLength: longestPart },
        }),
      ),
      ...(query ? parametersOf(query) : []),
      ...(method === 'get' ? [] : [idempotencyKey]),
    ],
    ...(body && {
      requestBody: {
        required: !body.safeParse({}).success,
        content: { 'application/json': { schema: schemaOf(body, 'input', schemas) } },
      },
    }),
    responses: { ...Object.fromEntries(answers), default: { $ref: '#/components/responses/Problem' } },
  }
}

function parametersOf(query: z.ZodObject): Parameter[] {
  const { properties = {}, required = [] } = schemaOf(query, 'input', {}) as {
    properties?: Record<string, JsonSchema>
    required?: string[]
  }
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    ...(typeof description === 'string' && { description }),
    schema,
  }))
}

function tagOf({ path }: ApiRoute): string {
  return path.split('/')[1]!
}

function whoMay({ method, path }: ApiRoute): string {
  const rule = routesAndRoles[`${method.toUpperCase()} /api/v1${path}`]
  return rule === undefined ? '' : forWhom(rule)
}

/** What stands under a name of its own is put among `named`, and referred to. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output', named: Record<string, JsonSchema>): JsonSchema {
  const {
    $schema: _,
    $defs = {},
    ...told
  } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      // The form says it; the expression that checks it is of no use to a reader.
      if (jsonSchema.format) delete jsonSchema.pattern
      // What a number of JavaScript's can be told apart to is no bound of ours.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
    },
  }) as JsonSchema & { $defs?: Record<string, JsonSchema> }
  for (const [name, definition] of Object.entries($defs)) named[name] = referring(definition)
  if (typeof told.id !== 'string') return referring(told)
  const { id, ...definition } = told
  named[id as string] = referring(definition)
  return { $ref: `#/components/schemas/${id}` }
}

function referring(schema: JsonSchema): JsonSchema {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/'))
}
