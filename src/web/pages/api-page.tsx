/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { JsonSchema, OpenApi, Operation, Parameter } from '../api/openapi.ts'
import { Brand, Layout } from './layout.tsx'
import { Table } from './table.tsx'

type Route = { method: string; path: string; operation: Operation }

/** The API's description for people: all that the OpenAPI document says, without script. */
export const ApiPage: FC<{ api: OpenApi }> = ({ api }) => {
  const routes = Object.entries(api.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]): Route => ({ method, path, operation })),
  )
  return (
    <Layout title="The API">
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="bar">
        <Brand />
        <nav aria-label="API">
          <a href="/api/v1/openapi.json">OpenAPI document</a>
        </nav>
      </header>
      <main id="main" tabindex={-1}>
        <div class="head">
          <h1>The API</h1>
          <p class="aside">{api.info.description}</p>
          <p class="aside">
            Everything is below <code>{api.servers[0]!.url}</code>, asked with{' '}
            <code>Authorization: Bearer &lt;API key&gt;</code>. Errors are{' '}
            <code>application/problem+json</code> with a stable <code>code</code>.
          </p>
        </div>
        <nav aria-label="Subjects">
          <ul class="chips">
            {api.tags.map(({ name }) => (
              <li>
                <a href={`#${name}`}>{name}</a>
              </li>
            ))}
          </ul>
        </nav>
        {api.tags.map(({ name }) => (
          <section aria-labelledby={name}>
            <h2 id={name}>{name}</h2>
            {routes
              .filter(({ operation }) => operation.tags.includes(name))
              .map((route) => (
                <RouteCard {...route} />
              ))}
          </section>
        ))}
        <section aria-labelledby="shapes">
          <h2 id="shapes">Shapes</h2>
          {Object.entries(api.components.schemas).map(([name, schema]) => (
            <article class="card" id={`shape-${name}`}>
              <h3>{name}</h3>
              <Fields schema={schema} of={name} />
            </article>
          ))}
        </section>
      </main>
    </Layout>
  )
}

const RouteCard: FC<Route> = ({ method, path, operation }) => (
  <article class="card" id={operation.operationId}>
    <h3>
      <code>
        {method.toUpperCase()} {path}
      </code>
    </h3>
    <p>{operation.summary}</p>
    <p class="aside">{operation.description}</p>
    {operation.parameters.length > 0 && <Parameters of={operation} />}
    {operation.requestBody && (
      <>
        <h4>Body</h4>
        <Fields
          schema={operation.requestBody.content['application/json'].schema}
          of={operation.operationId}
        />
      </>
    )}
    {Object.entries(operation.responses).map(
      ([status, answer]) =>
        'content' in answer && (
          <>
            <h4>Answers {status}</h4>
            <Fields
              schema={answer.content['application/json']!.schema}
              of={`${operation.operationId} ${status}`}
            />
          </>
        ),
    )}
  </article>
)

const Parameters: FC<{ of: Operation }> = ({ of }) => (
  <>
    <h4>Parameters</h4>
    <Table
      caption={`Parameters of ${of.operationId}`}
      rows={of.parameters}
      columns={[
        {
          title: 'Name',
          names: true,
          cell: ({ name, required }: Parameter) => <Name of={name} required={required} />,
        },
        { title: 'Where', cell: (one: Parameter) => <code>{one.in}</code> },
        {
          title: 'What',
          cell: ({ schema, description }: Parameter) => <What schema={schema} about={description} />,
        },
      ]}
    />
  </>
)

type Field = { name: string; schema: JsonSchema; required: boolean }

/** The fields of an object; whatever else it is, in one line. */
const Fields: FC<{ schema: JsonSchema; of: string }> = ({ schema, of }) => {
  const { properties, required = [] } = schema as {
    properties?: Record<string, JsonSchema>
    required?: string[]
  }
  if (!properties) return <p>{<What schema={schema} />}</p>
  const fields = Object.entries(properties).map(
    ([name, schema]): Field => ({ name, schema, required: required.includes(name) }),
  )
  return (
    <Table
      caption={`Fields of ${of}`}
      rows={fields}
      columns={[
        { title: 'Field', names: true, cell: ({ name, required }) => <Name of={name} required={required} /> },
        {
          title: 'What',
          cell: ({ schema }) => <What schema={schema} about={schema.description as string} />,
        },
      ]}
    />
  )
}

const Name: FC<{ of: string; required: boolean }> = ({ of, required }) => (
  <>
    <code>{of}</code>
    {!required && <span class="aside"> may be left out</span>}
  </>
)

const What: FC<{ schema: JsonSchema; about?: string | undefined }> = ({ schema, about }) => {
  const shape = shapeIn(schema)
  const words = wordsOf(schema)
  return (
    <>
      {shape === null ? words : <a href={`#shape-${shape}`}>{words}</a>}
      {about && <span class="aside"> {about.replaceAll('`', '')}</span>}
    </>
  )
}

/** The named shape that a schema is, holds a list of, or may be. */
function shapeIn(schema: JsonSchema): string | null {
  const found = /"#\/components\/schemas\/(\w+)"/.exec(JSON.stringify(schema))
  return found ? found[1]! : null
}

/** A schema in words, such as `text, 1 to 255 characters`. */
export function wordsOf(schema: JsonSchema): string {
  const {
    $ref,
    type,
    enum: values,
    items,
    anyOf,
    const: only,
  } = schema as {
    $ref?: string
    type?: string | string[]
    enum?: unknown[]
    items?: JsonSchema
    anyOf?: JsonSchema[]
    const?: unknown
  }
  if ($ref) return $ref.split('/').at(-1)!
  if (only !== undefined) return JSON.stringify(only)
  if (values) return values.join(', ')
  if (anyOf) return anyOf.map(wordsOf).join(' or ')
  if (Array.isArray(type)) return type.map((one) => wordsOf({ ...schema, type: one })).join(' or ')
  if (type === 'array') return `list of ${items ? wordsOf(items) : 'anything'}`
  if (type === undefined) return 'anything'
  return [names[schema.format as string] ?? names[type] ?? type, ...boundsOf(schema)].join(', ')
}

const names: Record<string, string> = {
  string: 'text',
  integer: 'whole number',
  boolean: 'true or false',
  'date-time': 'time',
  uuid: 'id',
  uri: 'address',
}

function boundsOf(schema: JsonSchema): string[] {
  const { minLength, maxLength, minimum, maximum, default: usual } = schema
  return [
    ...(minLength !== undefined || maxLength !== undefined
      ? [`${minLength ?? 0}${maxLength === undefined ? ' or more' : ` to ${maxLength}`} characters`]
      : []),
    ...(minimum !== undefined && maximum !== undefined ? [`from ${minimum} to ${maximum}`] : []),
    ...(usual !== undefined ? [`${JSON.stringify(usual)} unless told`] : []),
  ]
}
