/** Entry of the process that checks types. Owned by type-checks.ts. */
import { serveJobs } from '../processes/serve.ts';
import { TypeChecker, type TypedCode } from './typecheck.ts';

const checker = TypeChecker.load();
const note = serveJobs(async (code: readonly TypedCode[]) => (await checker).check(code, ({ node, field }) => note({ node, field })));
