import type { CheckAnswer, CheckResult } from '../protocol/messages.ts';

/** Sends an editor the result of a check as a difference from the previous one: of a thousand nodes, a keystroke changes one. */
export class CheckAnswers {
  readonly #last = new Map<string, { readonly answer: number; readonly nodes: ReadonlyMap<string, string> }>();
  #answers = 0;

  /** `since`: the answer that the editor holds, if any. */
  answer(documentId: string, result: CheckResult, since: number | undefined): CheckAnswer {
    const before = this.#last.get(documentId);
    const answer = ++this.#answers;
    const nodes = new Map(Object.entries(result.nodes).map(([id, node]) => [id, JSON.stringify(node)]));
    this.#last.set(documentId, { answer, nodes });
    if (!before || before.answer !== since) return { ...result, answer };
    const changed = Object.entries(result.nodes).filter(([id]) => nodes.get(id) !== before.nodes.get(id));
    return { ...result, nodes: Object.fromEntries(changed), answer, since, gone: [...before.nodes.keys()].filter((id) => !nodes.has(id)) };
  }

  forget(documentId: string): void {
    this.#last.delete(documentId);
  }
}
