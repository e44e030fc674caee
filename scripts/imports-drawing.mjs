import { createRequire } from 'node:module';
import { cruise } from 'dependency-cruiser';

const { options } = createRequire(import.meta.url)('../.dependency-cruiser.floors.cjs');
const top = ['model', 'kit', 'io', 'nodes', 'engine', 'renderer', 'electron', 'server'];

const lead = `<!-- Written by \`npm run generate\` from the imports of the product, types among them, tests left out. -->

# Who imports whom

Each box is a folder. An arrow leads from a folder to one that it imports; arrows that follow from others are left out: who imports
\`engine/plan\` also reaches \`kit\` and \`model\`. All of them lead down, or \`npm run check\` fails.
`;

/** The imports between the folders of the project, as a page with a Mermaid diagram. */
export async function importsPage(project) {
  const edges = await importsByFolder(project);
  const arrows = [...edges].flatMap(([from, targets]) => direct(from, targets, edges).map((to) => `  ${name(from)} --> ${name(to)}`));
  const boxes = [...edges.keys()].map((folder) => `  ${name(folder)}["${folder}"]`);
  return `${lead}\n\`\`\`mermaid\nflowchart TD\n${[...boxes.sort(), ...arrows.sort()].join('\n')}\n\`\`\`\n`;
}

/** Folder -> the folders that files of it import. */
async function importsByFolder(project) {
  const { output } = await cruise(top, { ...options, baseDir: project });
  const edges = new Map();
  for (const { source, dependencies } of output.modules) {
    const from = folderOf(source);
    if (!from) continue;
    const targets = edges.get(from) ?? new Set();
    edges.set(from, targets);
    for (const { resolved } of dependencies) {
      const to = folderOf(resolved);
      if (to && to !== from) targets.add(to);
    }
  }
  return edges;
}

/** Families of nodes are alike: they are one box. */
function folderOf(path) {
  const parts = path.split('/');
  if (!top.includes(parts[0]) || parts.length < 2) return null;
  if (parts[0] === 'nodes') return parts.length === 2 ? 'nodes' : parts[1] === 'formats' ? 'nodes/formats' : 'nodes/(family)';
  if (parts[0] === 'engine' && parts[1] === 'runners') return parts.slice(0, 3).join('/');
  return ['engine', 'renderer'].includes(parts[0]) && parts.length > 2 ? `${parts[0]}/${parts[1]}` : parts[0];
}

/** The targets that are not reached by way of another target. */
function direct(from, targets, edges) {
  return [...targets].filter((to) => ![...targets].some((by) => by !== to && reaches(by, to, edges, new Set([from]))));
}

function reaches(from, to, edges, seen) {
  if (from === to) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  return [...(edges.get(from) ?? [])].some((next) => reaches(next, to, edges, seen));
}

function name(folder) {
  return folder.replaceAll(/[^a-z]/g, '_');
}
