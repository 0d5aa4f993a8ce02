import { describe, expect, it } from 'vitest';
import { envelope } from '../../../events/envelope.ts';
import { eventTypes } from '../../../events/json-schemas.ts';
import { told } from '../../../events/told.ts';
import { parseCatalogEvent } from '../../../shared/catalog/parse-catalog-event.ts';
import { fileOf, sampleFiles, sampleOf } from './samples.ts';

/** The same value with a field that nobody knows in every object. */
function withUnknownFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withUnknownFields);
  if (value === null || typeof value !== 'object') return value;
  const members = Object.entries(value).map(([name, member]) => [name, withUnknownFields(member)]);
  return { ...Object.fromEntries(members), 'added-later': { deep: [1] } };
}

it('has one golden sample for each event that Trellis takes or tells', () => {
  expect(sampleFiles).toEqual(eventTypes.map(type => fileOf(type.detailType)).sort());
  expect(Object.keys(told).every(type => eventTypes.some(({ detailType }) => detailType === type))).toBe(true);
});

describe.each(eventTypes.map(type => [type.detailType, type] as const))(
  'the sample of %s',
  (detailType, { source, detail }) => {
    const sample = sampleOf(detailType);

    it('is a whole event of EventBridge', () => {
      expect(envelope.parse(sample)).toMatchObject({ source, 'detail-type': detailType });
      // EventBridge's own time has whole seconds.
      expect(sample.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    });

    it('satisfies the schema, which passes everything on that it knows', () => {
      const parsed = detail.parse(sample.detail);
      if (source !== 'aws.glue') expect(parsed).toEqual(sample.detail);
      else expect(sample.detail).toMatchObject(parsed as object);
    });

    it('is read the same with fields that nobody knows yet', () => {
      const later = withUnknownFields(sample) as typeof sample;
      expect(envelope.parse(later)).toMatchObject({ source, 'detail-type': detailType });
      expect(detail.parse(later.detail)).toEqual(detail.parse(sample.detail));
    });
  },
);

describe("Glue's samples", () => {
  it('hint at the tables that they name', () => {
    expect(parseCatalogEvent(sampleOf('Glue Data Catalog Database State Change'))).toMatchObject({
      account: '222222222222',
      database: 'ops',
      tables: ['flights', 'birdstrikes'],
    });
    expect(parseCatalogEvent(sampleOf('Glue Data Catalog Table State Change'))).toMatchObject({
      account: '333333333333',
      database: 'observations',
      tables: ['weather'],
    });
  });
});
