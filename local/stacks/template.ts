import { type CollectionTag, parseDocument, type ScalarTag, YAMLMap, YAMLSeq } from 'yaml';
import type { Wire } from '../core/service.ts';
import { TemplateError } from './template-error.ts';

export interface TemplateResource {
  Type: string;
  Properties?: Record<string, Wire>;
  DependsOn?: string | string[];
  Condition?: string;
}

export interface TemplateParameter {
  Type: string;
  Default?: string | number;
  AllowedValues?: (string | number)[];
  AllowedPattern?: string;
}

/** A CloudFormation template with all intrinsics in their long form. */
export interface Template {
  Parameters?: Record<string, TemplateParameter>;
  Mappings?: Record<string, Record<string, Record<string, Wire>>>;
  Conditions?: Record<string, Wire>;
  Resources: Record<string, TemplateResource>;
  Outputs?: Record<string, { Value: Wire; Condition?: string }>;
}

const SECTIONS = new Set([
  'AWSTemplateFormatVersion',
  'Conditions',
  'Description',
  'Mappings',
  'Metadata',
  'Outputs',
  'Parameters',
  'Resources',
]);

/** The intrinsics that YAML may write as a tag. Source: CloudFormation User Guide, "Intrinsic function reference". */
const SHORT_FORMS = [
  'And',
  'Base64',
  'Cidr',
  'Condition',
  'Equals',
  'FindInMap',
  'GetAtt',
  'GetAZs',
  'If',
  'ImportValue',
  'Join',
  'Not',
  'Or',
  'Ref',
  'Select',
  'Split',
  'Sub',
  'Transform',
];

/** Reads a template from JSON or YAML text. Throws a TemplateError for what is no template. */
export function parseTemplate(text: string): Template {
  const template = parseJson(text) ?? parseYaml(text);
  if (typeof template !== 'object' || template === null || typeof template.Resources !== 'object')
    throw new TemplateError('The template has no Resources.');
  for (const section of Object.keys(template))
    if (!SECTIONS.has(section))
      throw new TemplateError(`The local mesh does not have the template section ${section}.`);
  return template;
}

/** A large template is much faster read as JSON; what is no JSON may still be YAML. */
function parseJson(text: string): Wire {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parseYaml(text: string): Wire {
  const document = parseDocument(text, { customTags: SHORT_FORMS.flatMap(tagsOf) });
  // An unknown tag is only a warning to the parser.
  const [problem] = [...document.errors, ...document.warnings];
  if (problem) throw new TemplateError(`The template is neither JSON nor YAML: ${problem.message}`);
  return document.toJS();
}

function tagsOf(name: string): (ScalarTag | CollectionTag)[] {
  const longForm = name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`;
  const tag = `!${name}`;
  return [
    {
      tag,
      resolve: (text: string) =>
        // `!GetAtt Bus.Arn`: the attribute's name may have dots of its own, the resource's may not.
        ({ [longForm]: name === 'GetAtt' ? splitOnce(text) : text }),
    },
    { tag, collection: 'seq', resolve: node => wrapped(longForm, node) },
    { tag, collection: 'map', resolve: node => wrapped(longForm, node) },
  ];
}

/** The node under the long form's name; its own tag is gone, so that it reads as an ordinary list or map. */
function wrapped(longForm: string, node: YAMLMap.Parsed | YAMLSeq.Parsed): YAMLMap {
  const inner = node instanceof YAMLSeq ? new YAMLSeq() : new YAMLMap();
  inner.items = node.items;
  const outer = new YAMLMap();
  outer.set(longForm, inner);
  return outer;
}

function splitOnce(text: string): string[] {
  const dot = text.indexOf('.');
  return dot < 0 ? [text] : [text.slice(0, dot), text.slice(dot + 1)];
}
