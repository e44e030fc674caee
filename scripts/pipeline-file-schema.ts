/** The JSON Schema of the pipeline file, for completion and checks in any text editor. */

import { conditionOperators } from '@millrace/kit/fields';
import { fileFormat } from '../engine/document/file.ts';
import { errorPolicies } from '../engine/document/pipeline.ts';
import type { FieldManifest, NodeManifest } from '../engine/protocol/messages.ts';

type JsonSchema = { readonly [key: string]: unknown };

const text: JsonSchema = { $ref: '#/$defs/text' };
const id = '[a-z][a-z0-9_]*';

export function pipelineFileSchema(manifests: readonly NodeManifest[], formatVersion: number): JsonSchema {
  const sorted = [...manifests].sort((a, b) => (a.type < b.type ? -1 : 1));
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Millrace pipeline',
    type: 'object',
    required: ['format', 'formatVersion', 'nodes'],
    properties: {
      format: { const: fileFormat },
      formatVersion: { type: 'integer', minimum: 1, maximum: formatVersion },
      name: { type: 'string' },
      description: text,
      parameters: { type: 'object', additionalProperties: { $ref: '#/$defs/parameter' } },
      nodes: { type: 'object', propertyNames: { pattern: `^${id}$` }, additionalProperties: { $ref: '#/$defs/node' } },
      edges: { type: 'array', uniqueItems: true, items: { type: 'string', pattern: `^\\s*${id}\\.\\S+\\s*->\\s*${id}\\.\\S+\\s*$` } },
      retired: {
        description: 'For each name the highest number that a deleted node had: its id is not given again.',
        type: 'object',
        propertyNames: { pattern: `^${id}$` },
        additionalProperties: { type: 'integer', minimum: 1 },
      },
      layout: {
        type: 'object',
        additionalProperties: { type: 'object', required: ['x', 'y'], properties: { x: { type: 'number' }, y: { type: 'number' } } },
      },
    },
    $defs: {
      text: {
        description: 'A text; one of several lines is a list of its lines.',
        anyOf: [
          { type: 'string' },
          { type: 'object', required: ['$lines'], properties: { $lines: { type: 'array', items: { type: 'string' } } }, additionalProperties: false },
        ],
      },
      parameter: {
        type: 'object',
        required: ['type', 'default'],
        properties: { type: { enum: ['text', 'number', 'boolean'] }, default: { type: ['string', 'number', 'boolean'] }, description: { type: 'string' } },
      },
      node: {
        type: 'object',
        required: ['type', 'typeVersion', 'params'],
        properties: {
          type: { anyOf: [{ enum: sorted.map((manifest) => manifest.type) }, { type: 'string', minLength: 1 }] },
          typeVersion: { type: 'integer', minimum: 1 },
          title: { type: 'string' },
          note: text,
          params: { type: 'object' },
          onError: { enum: errorPolicies },
        },
        // Params of an older version have another form, and nodes of a type that is not known here any form.
        allOf: sorted.map(({ type, version }) => ({
          if: { properties: { type: { const: type }, typeVersion: { const: version } } },
          // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema
          then: { properties: { params: { $ref: `#/$defs/${type}` } } },
        })),
      },
      ...Object.fromEntries(sorted.map((manifest) => [manifest.type, { description: manifest.summary, ...paramsSchema(manifest.params) }])),
    },
  };
}

function paramsSchema(fields: { readonly [name: string]: FieldManifest }): JsonSchema {
  return { type: 'object', properties: Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, fieldSchema(field)])) };
}

function fieldSchema(field: FieldManifest): JsonSchema {
  const value = valueSchema(field);
  return {
    title: field.label,
    ...(field.help ? { description: field.help } : {}),
    ...(field.default === undefined ? {} : { default: field.default }),
    ...(field.optional ? { anyOf: [{ type: 'null' }, value] } : value),
  };
}

function valueSchema(field: FieldManifest): JsonSchema {
  const limits = { ...(field.min === undefined ? {} : { minimum: field.min }), ...(field.max === undefined ? {} : { maximum: field.max }) };
  const count = field.min === undefined ? {} : { minItems: field.min };
  switch (field.kind) {
    case 'number':
      return { type: field.integer ? 'integer' : 'number', ...limits };
    case 'duration':
      return { type: 'integer', ...limits };
    case 'boolean':
      return { type: 'boolean' };
    case 'choice':
      return { enum: field.options?.map((option) => option.value) ?? [] };
    case 'columns':
      return { type: 'array', items: { type: 'string' }, uniqueItems: true, ...count };
    case 'keyValue':
      return { type: 'object', additionalProperties: field.values ? { enum: field.values } : { type: 'string' } };
    case 'list':
      return { type: 'array', items: paramsSchema(field.item ?? {}), ...count };
    case 'condition':
      return {
        type: 'object',
        required: ['match', 'rules'],
        properties: {
          match: { enum: ['all', 'any'] },
          rules: {
            type: 'array',
            items: {
              type: 'object',
              required: ['column', 'operator'],
              properties: { column: { type: 'string' }, operator: { enum: conditionOperators }, value: { type: 'string' } },
            },
          },
        },
      };
    default:
      return text;
  }
}
