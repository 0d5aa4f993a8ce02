import type { Wire } from '../core/service.ts';
import { referencesIn } from './intrinsics.ts';
import type { TemplateResource } from './template.ts';
import { TemplateError } from './template-error.ts';

/**
 * The logical ids in an order in which each comes after what it refers to or depends on; otherwise as in the template.
 * Throws a TemplateError for a circle.
 */
export function creationOrder(resources: Record<string, TemplateResource>): string[] {
  const ordered = new Set<string>();
  const path: string[] = [];

  function visit(logicalId: string): void {
    if (ordered.has(logicalId)) return;
    if (path.includes(logicalId))
      throw new TemplateError(`The resources depend on each other in a circle: ${[...path, logicalId].join(' → ')}.`);
    path.push(logicalId);
    for (const needed of needs(resources[logicalId]!)) if (Object.hasOwn(resources, needed)) visit(needed);
    path.pop();
    ordered.add(logicalId);
  }

  for (const logicalId of Object.keys(resources)) visit(logicalId);
  return [...ordered];
}

function needs(resource: TemplateResource): string[] {
  const declared: Wire[] = [resource.DependsOn ?? []].flat();
  return [...declared, ...referencesIn(resource.Properties)];
}
