import { visible, visibleLines } from '../../model/text/visible-text.ts';
import type { RunSummary } from '../protocol/messages.ts';
import { rowsSent } from '../protocol/run-facts.ts';
import { count, duration, paint } from './report.ts';
import { describeState } from './run-report.ts';

/** Between two lines where there is no terminal to redraw. */
const lineEveryMs = 5000;

type Nodes = readonly { readonly id: string; readonly kind: string }[];

/** The progress of a run: on a terminal one block that is redrawn, elsewhere a plain line now and then. */
export class Progress {
  readonly #nodes: Nodes;
  readonly #stream: NodeJS.WriteStream;
  /** Lines of the block that is on the screen now. */
  #drawn = 0;
  #lineAt = performance.now();

  constructor(nodes: Nodes, stream: NodeJS.WriteStream) {
    this.#nodes = nodes;
    this.#stream = stream;
  }

  show(summary: RunSummary): void {
    if (summary.endedAt !== null || summary.state === 'starting') return;
    if (this.#stream.isTTY) {
      const width = Math.max(20, this.#stream.columns || 80);
      this.#clear();
      const lines = this.#lines(summary).map((line) => line.slice(0, width - 1));
      this.#stream.write(`${lines.map((line) => paint(line, 'dim', this.#stream)).join('\n')}\n`);
      this.#drawn = lines.length;
    } else if (performance.now() - this.#lineAt >= lineEveryMs) {
      this.#lineAt = performance.now();
      const sources = this.#nodes.filter((node) => node.kind === 'source').map((node) => this.#line(node.id, summary));
      this.#stream.write(`${duration(Date.now() - summary.startedAt)}  ${sources.join('; ')}\n`);
    }
  }

  /** A line that stays, above the block. */
  log(line: string): void {
    this.#clear();
    this.#stream.write(`${visibleLines(line)}\n`);
  }

  /** Takes the block away: the summary takes its place. */
  end(): void {
    this.#clear();
  }

  #clear(): void {
    if (this.#drawn > 0) this.#stream.write(`\x1b[${this.#drawn}A\x1b[0J`);
    this.#drawn = 0;
  }

  #lines(summary: RunSummary): string[] {
    return [`${visible(summary.pipeline)}: ${describeState(summary)}`, ...this.#nodes.map(({ id }) => `  ${this.#line(id, summary)}`)];
  }

  #line(id: string, summary: RunSummary): string {
    const stats = summary.stats[id];
    if (!stats) return id;
    const out = rowsSent(stats.out);
    const done = stats.progress?.total ? ` ${Math.floor((100 * stats.progress.done) / stats.progress.total)} %` : '';
    const failed = stats.failed > 0 ? `, ${count(stats.failed)} failed` : '';
    const waits = stats.waits === undefined ? '' : `, ${visible(stats.waits)}`;
    const late = stats.late > 0 ? `, ${count(stats.late)} late` : '';
    return `${id}: ${count(Math.max(out, stats.in))} rows, ${count(Math.round(stats.rate))}/s${done}${failed}${late}${waits}`;
  }
}
