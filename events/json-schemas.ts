/** The events' schemas for those who are not written in TypeScript: what EventBridge's schema registry takes. */
import * as z from 'zod/mini';
import { accessDecisionMade } from './access-decision-made.ts';
import { accessExtensionRequested } from './access-extension-requested.ts';
import { accessRequested } from './access-requested.ts';
import { accessRevocationRequested } from './access-revocation-requested.ts';
import { catalogDatabaseChanged, catalogTableChanged } from './catalog-changed.ts';
import { envelope } from './envelope.ts';
import { type ToldType, told, toldDetail } from './told.ts';

interface EventType {
  source: string;
  detailType: string;
  detail: z.ZodMiniType;
}

/** Every event that Trellis takes or tells. */
export const eventTypes: readonly EventType[] = [
  accessRequested,
  accessDecisionMade,
  accessExtensionRequested,
  accessRevocationRequested,
  catalogDatabaseChanged,
  catalogTableChanged,
  ...(Object.keys(told) as ToldType[]).map(type => ({
    source: 'trellis',
    detailType: type as string,
    detail: toldDetail(type),
  })),
];

/**
 * JSON Schema (draft 4) of whole events, by the name that the registry gives them: `trellis.access@AccessRequested`. Each is the `Content` of a
 * schema of type `JSONSchemaDraft4`. Those of `aws.glue` say what Trellis reads of them; the registry has AWS's own. Fields beyond the schema
 * are allowed. What a schema cannot say (one of two fields must be there) is left to the reader, who answers `Event Refused`.
 */
export function jsonSchemas(): Record<string, object> {
  return Object.fromEntries(eventTypes.map(type => [registryName(type), jsonSchema(type)]));
}

/** Source: EventBridge user guide, "Amazon EventBridge schemas": names of discovered schemas are `source@DetailType`. */
function registryName({ source, detailType }: EventType): string {
  return `${source}@${detailType.replaceAll(' ', '')}`;
}

function jsonSchema({ source, detailType, detail }: EventType): object {
  const event = z.extend(envelope, { source: z.literal(source), 'detail-type': z.literal(detailType), detail });
  // As input: what a sender may leave out is optional, and what it adds is ignored.
  const { $schema, ...schema } = z.toJSONSchema(event, { target: 'draft-04', io: 'input' });
  return {
    $schema,
    title: detailType.replaceAll(' ', ''),
    'x-amazon-events-detail-type': detailType,
    'x-amazon-events-source': source,
    ...schema,
  };
}
