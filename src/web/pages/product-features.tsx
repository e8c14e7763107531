/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { Product } from '../../billing/products.ts'
import { newFields, newRows, valueField, valueText } from '../feature-fields.ts'
import { type SentForm, stateOf } from '../sent-form.ts'
import { ActionForm } from './action-form.tsx'
import { TextField } from './fields.tsx'
import type { Viewer } from './layout.tsx'
import { productPath } from './products-page.tsx'
import { SeenField } from './seen-field.tsx'
import { Table } from './table.tsx'

/** What a product includes: a form of names and values for who may change it, a table for others. */
export const ProductFeatures: FC<{ viewer: Viewer; product: Product; sent: SentForm }> = (data) => {
  const features = Object.entries(data.product.features)
  if (data.viewer.role === 'operator') return <FeatureForm {...data} />
  if (features.length === 0) return <p class="empty small">No feature is named.</p>
  return (
    <Table
      caption={`What ${data.product.name} includes`}
      rows={features}
      columns={[
        { title: 'Feature', names: true, cell: ([feature]) => <code>{feature}</code> },
        { title: 'Value', cell: ([, value]) => <span>{valueText(value)}</span> },
      ]}
    />
  )
}

const FeatureForm: FC<{ viewer: Viewer; product: Product; sent: SentForm }> = ({ viewer, product, sent }) => {
  const { typed, faults } = stateOf(sent, 'features')
  const features = Object.entries(product.features)
  const rows = Array.from({ length: newRows }, (_, row) => newFields(row))
  return (
    <ActionForm
      viewer={viewer}
      action={`${productPath(product.key)}/features`}
      look="card"
      label="Change what it includes…"
      ask={{
        title: `Change what ${product.name} includes?`,
        will: 'It counts at once, for everybody who has it. A value that was emptied takes its feature away.',
        button: 'Change',
        reason: 'optional',
        back: productPath(product.key),
        shows: {
          ...Object.fromEntries(features.map(([feature]) => [valueField(feature), feature])),
          ...Object.fromEntries(
            rows.flatMap(({ feature, value }) => [
              [feature, 'New feature'],
              [value, 'its value'],
            ]),
          ),
        },
      }}
    >
      <SeenField shown={product.features} />
      <p class="aside">
        A value is true or false, a number, <code>unlimited</code>, or a level of your own. Empty it to take
        the feature away.
      </p>
      {features.length > 0 && (
        <div class="form">
          {features.map(([feature, value]) => (
            <TextField
              name={valueField(feature)}
              label={feature}
              value={typed[valueField(feature)] ?? valueText(value)}
              fault={faults[valueField(feature)]}
              maxlength={200}
              code
            />
          ))}
        </div>
      )}
      <h3>What it does not include yet</h3>
      {rows.map(({ feature, value }, row) => (
        <div class="form">
          <TextField
            name={feature}
            label={`New feature ${row + 1}`}
            value={typed[feature]}
            fault={faults[feature]}
            placeholder={row === 0 ? 'seats' : ''}
            maxlength={100}
            code
          />
          <TextField
            name={value}
            label={`Value of new feature ${row + 1}`}
            value={typed[value]}
            fault={faults[value]}
            placeholder={row === 0 ? '10' : ''}
            maxlength={200}
            code
          />
        </div>
      ))}
    </ActionForm>
  )
}
