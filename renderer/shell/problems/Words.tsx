// biome-ignore-all lint/suspicious/noArrayIndexKey: the parts have no identity but their place.
import { visibleLines } from '../../../model/text/visible-text.ts';

/** The text of a problem: parts between backticks are drawn as code, and hidden characters are made visible. */
export function Words({ text }: { readonly text: string }) {
  const parts = visibleLines(text).split(/`([^`\n]+)`/);
  return <>{parts.map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}</>;
}
