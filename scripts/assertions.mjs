// What the types of the product do not prove: `x!`, `any` and `x as unknown as Y`. Each file of the list below may have so many and no
// more, for the reason beside it; every other file has none. Part of `npm run check`.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const project = fileURLToPath(new URL('..', import.meta.url));
const folders = ['model', 'kit', 'io', 'nodes', 'engine', 'electron', 'server', 'renderer', 'bin'];

/** By the reason: files, each with its ceiling of assertions. */
const ceilings = {
  'loops over cells and slots, where a check at each index would be paid for with every row or byte': {
    'engine/operators/keyed/key-groups.ts': 2,
    'engine/operators/group/accumulators.ts': 31,
    'engine/operators/group/decimal-accumulators.ts': 3,
    'engine/operators/group/distinct-count.ts': 2,
    'engine/operators/group/distinct-numbers.ts': 20,
    'engine/operators/group/grouping.ts': 2,
    'engine/operators/group/running-aggregates.ts': 9,
    'engine/operators/group/spilled-groups.ts': 1,
    'engine/operators/group/top-rows.ts': 2,
    'engine/operators/group/window-sessions.ts': 5,
    'engine/operators/group/window-slices.ts': 3,
    'engine/operators/group/windows.ts': 8,
    'engine/operators/join/join-stretches.ts': 2,
    'engine/operators/join/match-index.ts': 5,
    'engine/operators/join/row-block.ts': 19,
    'engine/operators/join/stream-join-windows.ts': 5,
    'engine/operators/join/time-ordered.ts': 14,
    'engine/operators/keyed/dedupe-all.ts': 1,
    'engine/operators/keyed/key-hash.ts': 3,
    'engine/operators/keyed/keys.ts': 16,
    'engine/operators/keyed/lagging.ts': 2,
    'engine/operators/keyed/rolling-statistics.ts': 5,
    'engine/operators/order/row-order.ts': 1,
    'engine/operators/spill/sorted-runs.ts': 6,
    'engine/operators/spill/time-queue.ts': 13,
    'engine/runners/local/instances/exchange.ts': 1,
    'engine/runners/local/instances/outbox.ts': 1,
    'engine/store/keyed-expiry.ts': 11,
    'io/text/string-cache.ts': 2,
    'io/text/timestamp-bytes.ts': 3,
    'io/text/timestamp-text.ts': 3,
    'nodes/formats/csv/csv-fields.ts': 18,
    'nodes/formats/json/json-scanner.ts': 2,
    'nodes/formats/json/jsonl-fields.ts': 14,
    'nodes/generate/nexmark-events.ts': 1,
  },
  'types that TypeScript, a library or a serialised state does not say': {
    'engine/document/history.ts': 1,
    'engine/operators/keyed/plain-state.ts': 1,
    'engine/operators/spill/spilled-lists.ts': 1,
    'engine/sandbox/null-globals.ts': 1,
    'engine/workbench/checks.ts': 1,
    'io/sqlite/sqlite-node.ts': 1,
    'kit/formats/column-formats.ts': 1,
    'model/code/code-nulls.ts': 1,
    'model/values/raw-number.ts': 1,
  },
};

const allowed = new Map(Object.values(ceilings).flatMap((files) => Object.entries(files)));
const found = new Map(productFiles().flatMap((path) => (countOf(path) > 0 ? [[path, countOf(path)]] : [])));
const wrong = [...new Set([...allowed.keys(), ...found.keys()])].sort().flatMap((path) => {
  const [count, most] = [found.get(path) ?? 0, allowed.get(path) ?? 0];
  if (count > most)
    return [`${path} has ${count} assertions that types do not prove ("!", "any", "as unknown as"), and may have ${most}: let its types say it.`];
  return count < most ? [`${path} has ${count} such assertions: lower its ceiling of ${most} in scripts/assertions.mjs.`] : [];
});
if (wrong.length > 0) {
  process.stderr.write(`${wrong.join('\n')}\n`);
  process.exit(1);
}

function productFiles() {
  return folders.flatMap((folder) =>
    readdirSync(join(project, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !/\.(test|d)\.tsx?$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name).slice(project.length).replaceAll('\\', '/'))
      .filter((path) => !path.startsWith('kit/testing/')),
  );
}

function countOf(path) {
  const source = ts.createSourceFile(path, readFileSync(join(project, path), 'utf8'), ts.ScriptTarget.Latest, true);
  let count = 0;
  const visit = (node) => {
    const isDouble = ts.isAsExpression(node) && ts.isAsExpression(ts.skipParentheses(node.expression));
    if (ts.isNonNullExpression(node) || node.kind === ts.SyntaxKind.AnyKeyword || isDouble) count++;
    ts.forEachChild(node, visit);
  };
  visit(source);
  return count;
}
