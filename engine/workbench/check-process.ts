/**
 * Entry of the process that checks pipelines: whatever a file contains, a check ends within known limits of time and memory. Owned by
 * checks.ts.
 */
import { connectionTypes, definitions } from '../../nodes/index.ts';
import type { Pipeline } from '../document/pipeline.ts';
import { PipelineReceiver } from '../document/transfer.ts';
import { Catalogue } from '../plan/catalogue.ts';
import type { CheckedPipeline } from '../plan/checked.ts';
import { serveJobs } from '../processes/serve.ts';
import { codeAnalysis } from '../sandbox/analysis.ts';
import { CheckAnswers } from './check-answers.ts';
import { type CheckJob, type CheckReply, type CheckTools, checkWith, nodeNumbers, planOrRefusal, soundSources, usersCode } from './check-job.ts';

const documents = new PipelineReceiver();
const answers = new CheckAnswers();
/** By document: its users' code as of the editor's last answer. */
const toldCode = new Map<string, string>();
/** [0]: which node is being checked, by its number from `nodeNumbers`. */
const monitor = new Int32Array(new SharedArrayBuffer(4));
const catalogue = new Catalogue(definitions, connectionTypes);
/** A preview of the same pipeline follows each check of an editor. */
let last: { readonly key: string; readonly pipeline: Pipeline; readonly checked: CheckedPipeline } | null = null;

serveJobs<CheckJob, CheckReply>(
  (job) => {
    const pipeline = documents.take(job.documentId, job.sent);
    const numbers = nodeNumbers(pipeline);
    monitor[0] = -1;
    const onNode = (id: string) => {
      monitor[0] = numbers.get(id) ?? -1;
    };
    return reply(job, pipeline, { catalogue, analyse: codeAnalysis, onNode });
  },
  { monitor },
);

function reply({ documentId, file, parameters, connections, needsSecrets, found, wanted }: CheckJob, pipeline: Pipeline, tools: CheckTools): CheckReply {
  const about = { file, parameters, connections, needsSecrets };
  if (!found) return { sources: soundSources(pipeline, about, tools) };
  const key = JSON.stringify([documentId, about, found.key]);
  const checked = last?.key === key && last.pipeline === pipeline ? last.checked : checkWith(pipeline, about, found, tools);
  last = { key, pipeline, checked };
  if (wanted.for === 'plan') return planOrRefusal(checked, wanted.options);
  if (wanted.for === 'result') return { result: checked.result };
  const code = usersCode(checked);
  if (wanted.for === 'assessment') return { result: checked.result, code };
  const text = JSON.stringify(code);
  const isTold = wanted.since !== undefined && toldCode.get(documentId) === text;
  toldCode.set(documentId, text);
  return { answer: answers.answer(documentId, checked.result, wanted.since), code: isTold ? null : code };
}
