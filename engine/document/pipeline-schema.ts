import type { Params } from '@millrace/kit/params';
import { z } from 'zod';
import { isJson, isJsonObject } from '../../model/values/json.ts';
import type { Json } from '../../model/values/types.ts';
import { errorPolicies, type Pipeline } from './pipeline.ts';
import type { SentPipeline } from './transfer.ts';

const id = z
  .string()
  .regex(/^[a-z][a-z0-9_]*$/)
  .max(64);
const name = z.string().min(1).max(64);
const endpoint = z.object({ node: id, port: name });
/** Any JSON, unchanged: a record of the library would drop the key `__proto__`. */
export const jsonSchema = z.custom<Json>(isJson, 'must be JSON');
const params = z.custom<Params>((value) => isJsonObject(value) && isJson(value), 'must be an object of JSON values');

const parameters = z.record(
  z.string(),
  z.object({ type: z.enum(['text', 'number', 'boolean']), default: z.union([z.string(), z.number(), z.boolean()]), description: z.string().optional() }),
);
const nodes = z.record(
  id,
  z.object({
    type: z.string().min(1).max(100),
    typeVersion: z.number().int().min(1),
    title: z.string().optional(),
    note: z.string().optional(),
    params,
    onError: z.enum(errorPolicies).optional(),
  }),
);
const edges = z.array(z.object({ from: endpoint, to: endpoint }));

/**
 * A pipeline as it is in requests and in memory (its file has a form of its own: file.ts). Texts that users write are not limited: whatever
 * an edit made can be checked, kept and saved.
 */
export const pipelineSchema: z.ZodType<Pipeline> = z.object({
  name: z.string(),
  description: z.string().optional(),
  parameters,
  nodes,
  edges,
  layout: z.record(id, z.object({ x: z.number(), y: z.number() })),
  retired: z.record(id, z.number().int().min(1).max(999_999_999)).optional(),
});

/** The changes of one. */
export const sentPipelineSchema: z.ZodType<SentPipeline> = z.object({
  version: z.number().int(),
  since: z.number().int().optional(),
  name: z.string().optional(),
  parameters: parameters.optional(),
  nodes: nodes.optional(),
  edges: edges.optional(),
  gone: z.array(id).optional(),
});
