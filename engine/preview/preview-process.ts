/** Entry of the process that previews run in. Owned by preview.ts. */
import { definitions } from '../../nodes/index.ts';
import { newMonitor } from '../runtime/monitor.ts';
import { createSandbox } from '../sandbox/sandbox.ts';
import { serveJobs } from '../workers/serve.ts';
import type { PreviewJob } from './preview.ts';
import { PreviewEngine } from './preview-engine.ts';

const monitor = newMonitor();
const byType = new Map(definitions.map((definition) => [definition.type, definition]));
const note = serveJobs((job: PreviewJob) => engine.read(job), { monitor });
const engine = new PreviewEngine({
  definition: (type) => byType.get(type),
  sandbox: createSandbox(),
  monitor,
  // Told ahead: once the code runs, there may be no more chance to say anything.
  onCode: (code, field) => note({ code, field }),
});
