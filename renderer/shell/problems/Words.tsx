// biome-ignore-all lint/suspicious/noArrayIndexKey: the parts have no identity but their place.
import { visibleLines } from '../../../model/text/visible-text.ts';

/** What a problem says: what stands between backticks is drawn as code, and hidden characters are made visible. */
export function Words({ text }: { readonly text: string }) {
  const parts = visibleLines(text).split(/`([^`\n]+)`/);
  return <>{parts.map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}</>;
}
