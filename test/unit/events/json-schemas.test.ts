import { describe, expect, it } from 'vitest';
import { jsonSchemas } from '../../../events/json-schemas.ts';
import { sampleOf } from './samples.ts';

type Schema = { [keyword: string]: unknown };

const TYPES = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'];
const isCount = (value: unknown) => Number.isInteger(value) && (value as number) >= 0;
const isTexts = (value: unknown) =>
  Array.isArray(value) &&
  value.length > 0 &&
  new Set(value).size === value.length &&
  value.every(one => typeof one === 'string');
const isSchemas = (value: unknown) => Object.values(value as object).flatMap(structuralFaults).length === 0;

/** The keywords of draft 4 that the schemas use, and what each may hold. Source: JSON Schema draft 4, meta-schema. */
const KEYWORDS: Record<string, (value: unknown) => boolean> = {
  $schema: value => value === 'http://json-schema.org/draft-04/schema#',
  title: value => typeof value === 'string',
  type: value => TYPES.includes(value as string),
  format: value => typeof value === 'string',
  pattern: value => typeof value === 'string' && new RegExp(value) instanceof RegExp,
  enum: value => isTexts(value),
  minLength: isCount,
  maxLength: isCount,
  minItems: isCount,
  maxItems: isCount,
  minimum: value => typeof value === 'number',
  maximum: value => typeof value === 'number',
  // A number in later drafts.
  exclusiveMinimum: value => typeof value === 'boolean',
  required: isTexts,
  items: value => structuralFaults(value).length === 0,
  properties: isSchemas,
  // The registry's own. Source: EventBridge user guide, "Amazon EventBridge schemas".
  'x-amazon-events-source': value => typeof value === 'string',
  'x-amazon-events-detail-type': value => typeof value === 'string',
};

function structuralFaults(schema: unknown): string[] {
  return Object.entries(schema as Schema)
    .filter(([keyword, value]) => !KEYWORDS[keyword]?.(value))
    .map(([keyword, value]) => `${keyword}: ${JSON.stringify(value)}`);
}

/** What a validator would find, for the keywords above that say something of a value's shape. */
function violations(schema: Schema, value: unknown, path = ''): string[] {
  const {
    type,
    properties = {},
    required = [],
    items,
    enum: allowed,
    pattern,
  } = schema as {
    type?: string;
    properties?: Record<string, Schema>;
    required?: string[];
    items?: Schema;
    enum?: unknown[];
    pattern?: string;
  };
  const found =
    value === null ? 'null' : Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value;
  if (type !== undefined && type !== found && !(type === 'number' && found === 'integer'))
    return [`${path}: ${found} is no ${type}`];
  if (allowed && !allowed.includes(value)) return [`${path}: none of ${allowed.join()}`];
  if (pattern !== undefined && !new RegExp(pattern).test(String(value))) return [`${path}: not as ${pattern}`];
  if (found === 'array' && items)
    return (value as unknown[]).flatMap((one, index) => violations(items, one, `${path}[${index}]`));
  if (found !== 'object') return [];
  const members = value as Record<string, unknown>;
  return [
    ...required.filter(name => !Object.hasOwn(members, name)).map(name => `${path}.${name}: missing`),
    ...Object.entries(properties)
      .filter(([name]) => Object.hasOwn(members, name))
      .flatMap(([name, property]) => violations(property, members[name], `${path}.${name}`)),
  ];
}

/** The value with a member at a path replaced, or taken away. */
function changed(value: unknown, [first, ...rest]: string[], replacement?: unknown): unknown {
  if (first === undefined) return replacement;
  const { [first]: member, ...others } = value as Record<string, unknown>;
  const inner = changed(member, rest, replacement);
  return inner === undefined ? others : { ...others, [first]: inner };
}

const schemas = Object.entries(jsonSchemas()) as [string, Schema][];

it('are named as the registry names them, one for each event', () => {
  const names = schemas.map(([name]) => name);
  expect(new Set(names).size).toBe(20);
  expect(names).toEqual(
    expect.arrayContaining([
      'trellis.access@AccessRequested',
      'trellis@AccessGranted',
      'aws.glue@GlueDataCatalogTableStateChange',
    ]),
  );
});

describe.each(schemas)('the JSON Schema %s', (_, schema) => {
  const sample = sampleOf(schema['x-amazon-events-detail-type'] as string);

  it('is a schema of draft 4', () => {
    expect(schema.$schema).toBe('http://json-schema.org/draft-04/schema#');
    expect(structuralFaults(schema)).toEqual([]);
  });

  it('has room in the registry', () => {
    // Source: EventBridge Schema Registry API reference, CreateSchema: Content has at most 100,000 characters.
    expect(JSON.stringify(schema).length).toBeLessThan(100_000);
  });

  it('is satisfied by the golden sample, also with fields that nobody knows', () => {
    expect(violations(schema, sample)).toEqual([]);
    expect(violations(schema, { ...sample, more: 1, detail: { ...(sample.detail as object), more: 1 } })).toEqual([]);
  });

  it('is not satisfied by another event, nor by one that lacks a part', () => {
    expect(violations(schema, changed(sample, ['source'], 'other'))).toHaveLength(1);
    expect(violations(schema, changed(sample, ['detail-type'], 'Other'))).toHaveLength(1);
    expect(violations(schema, changed(sample, ['account'], '22'))).toHaveLength(1);
    expect(violations(schema, changed(sample, ['detail']))).toEqual(['.detail: missing']);
    const part = sample.source === 'aws.glue' ? ['detail', 'databaseName'] : ['detail', 'metadata', 'eventId'];
    expect(violations(schema, changed(sample, part))).toEqual([`.${part.join('.')}: missing`]);
    expect(violations(schema, changed(sample, part, 7))).toEqual([`.${part.join('.')}: integer is no string`]);
  });
});

it('say of an access request what a sender must know', () => {
  const request = jsonSchemas()['trellis.access@AccessRequested'] as Schema;
  const sample = sampleOf('Access Requested');
  const fault = (path: string[], value?: unknown) =>
    violations(request, changed(sample, ['detail', 'data', ...path], value));
  expect(fault(['requestId'], 'r'.repeat(65))).toHaveLength(1);
  expect(fault(['principal'], 'arn:aws:iam::44444444444:role/A')).toHaveLength(1);
  expect(fault(['permissions'], ['INSERT'])).toHaveLength(1);
  expect(fault(['durationDays'], '30')).toEqual(['.detail.data.durationDays: string is no integer']);
  expect(fault(['purpose'])).toEqual(['.detail.data.purpose: missing']);
  expect(fault(['columns'])).toEqual([]);
});
