import type { NodeDefinition } from '@millrace/kit/node';
import { documentMigrations, newestVersion } from '../engine/document/migrations.ts';
import { Catalogue } from '../engine/plan/catalogue.ts';
import { connectionTypes, definitions } from '../nodes/index.ts';
import { errorsPage } from './errors-page.ts';
import { connectionPage, nodePage } from './node-page.ts';
import { pipelineFileSchema } from './pipeline-file-schema.ts';

const notice = '<!-- Written by `npm run generate` from the nodes themselves. -->\n';
const kinds = [
  ['source', 'Sources', 'Where rows come from.'],
  ['transform', 'Transforms', 'What happens to them.'],
  ['sink', 'Sinks', 'Where they go.'],
] as const;

/** The generated files: path in the project -> text. */
export function generateDocs(): Map<string, string> {
  const manifests = new Catalogue(definitions).manifests();
  const byType = new Map(definitions.map((definition) => [definition.type, definition]));
  const nodes = manifests.map((manifest) => byType.get(manifest.type)!);
  const files = new Map([['docs/nodes/README.md', index(nodes)]]);
  files.set('docs/errors.md', errorsPage(definitions));
  for (const definition of nodes) files.set(`docs/nodes/${definition.type}.md`, notice + nodePage(definition));
  for (const definition of connectionTypes) files.set(`docs/nodes/${definition.type}-connection.md`, notice + connectionPage(definition));
  files.set('docs/pipeline.schema.json', `${JSON.stringify(pipelineFileSchema(manifests, newestVersion(documentMigrations)), null, 2)}\n`);
  return files;
}

function index(nodes: readonly NodeDefinition[]): string {
  const sections = kinds.map(([kind, title, lead]) => {
    const rows = nodes
      .filter((node) => node.kind === kind && !node.forBenchmarks)
      .map((node) => `| [${node.title}](${node.type}.md) | ${node.category} | ${node.summary} |`);
    return `## ${title}\n\n${lead}\n\n| node | category | |\n|---|---|---|\n${rows.join('\n')}\n`;
  });
  const measured = nodes.filter((node) => node.forBenchmarks).map((node) => `| [${node.title}](${node.type}.md) | ${node.summary} |`);
  const apart = `## For benchmarks\n\nThe palette leaves these out until their name is typed.\n\n| node | |\n|---|---|\n${measured.join('\n')}\n`;
  const types = connectionTypes.map(({ type, title, summary }) => `| [${title}](${type}-connection.md) | ${summary} |`);
  const connections = `## Connections\n\nWhat nodes connect to: see [Connections and secrets](../connections.md).\n\n| type | |\n|---|---|\n${types.join('\n')}\n`;
  return `${notice}# The node library\n\n${[...sections, ...(types.length > 0 ? [connections] : []), apart].join('\n')}`;
}
