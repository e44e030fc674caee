import { mkdirSync, mkdtempSync, rmSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
const main = '/work/main';
const { measure } = await import(`${main}/bench/measure.ts`);
const { jobs, pipelineFile } = await import(`${main}/bench/jobs.ts`);
const nx = await import(`${main}/bench/nexmark/nexmark.ts`);
const data = await import(`${main}/bench/data.ts`);
const runs = Number(process.argv[2] ?? 5);
const want = (process.argv[3] ?? '').split(',').filter(Boolean);
const folder = '/tmp/pair/work'; mkdirSync(folder, { recursive: true });
const tasks: [string, string][] = [];
for (const j of jobs) tasks.push([j.id, pipelineFile(j, 2_000_000)]);
for (const q of nx.queries) tasks.push([q, nx.writePipeline(q, { events: 1_000_000, eventRate: 10000 }, folder)]);
const med = (a: number[]) => a.slice().sort((x, y) => x - y)[Math.floor(a.length / 2)]!;
for (const [name, file] of tasks) {
  if (want.length && !want.includes(name)) continue;
  const w: number[] = [], c: number[] = []; const A: any[] = [], B: any[] = [];
  for (let i = 0; i < runs + 1; i++) {
    const order = i % 2 ? ['main', 'wt/base'] : ['wt/base', 'main'];
    const got: any = {};
    for (const who of order) {
      rmSync(join(folder, 'answer.db'), { force: true });
      got[who] = await measure([`/work/${who}/out/main/cli.cjs`, 'run', file]);
    }
    if (i === 0) continue;
    A.push(got.main); B.push(got['wt/base']);
    w.push(got.main.seconds / got['wt/base'].seconds); c.push(got.main.cpuSeconds / got['wt/base'].cpuSeconds);
  }
  console.log(name.padEnd(4), 'wall', med(A.map(x => x.seconds)).toFixed(2), med(B.map(x => x.seconds)).toFixed(2), 'ratio', med(w).toFixed(3), `[${Math.min(...w).toFixed(2)}-${Math.max(...w).toFixed(2)}]`, 'cpu', med(A.map(x => x.cpuSeconds)).toFixed(2), med(B.map(x => x.cpuSeconds)).toFixed(2), 'ratio', med(c).toFixed(3), 'mb', Math.max(...A.map(x=>x.largestMb)).toFixed(0), Math.max(...B.map(x=>x.largestMb)).toFixed(0));
}
