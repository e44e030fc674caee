/** The Markdown that node docs use, parsed into data: paragraphs, headings, lists, tables, code. HTML is not supported. */

export type Inline =
  | { readonly kind: 'text' | 'code' | 'strong' | 'emphasis'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly href: string };
export type Block =
  | { readonly kind: 'heading'; readonly text: readonly Inline[] }
  | { readonly kind: 'paragraph'; readonly text: readonly Inline[] }
  | { readonly kind: 'list'; readonly ordered: boolean; readonly items: readonly (readonly Inline[])[] }
  | { readonly kind: 'table'; readonly head: readonly (readonly Inline[])[]; readonly rows: readonly (readonly (readonly Inline[])[])[] }
  | { readonly kind: 'code'; readonly text: string };

const listItem = /^\s*(?:[-*+]|(\d+)[.)])\s+/;

export function parseMarkdown(source: string): Block[] {
  const lines = source.replaceAll('\r\n', '\n').split('\n');
  const blocks: Block[] = [];
  let at = 0;
  /** Takes lines while they belong to the block. */
  const take = (isOf: (line: string) => boolean): string[] => {
    const end = lines.findIndex((line, i) => i >= at && !isOf(line));
    const taken = lines.slice(at, end === -1 ? lines.length : end);
    at += taken.length;
    return taken;
  };
  for (let line = lines[at]; line !== undefined; line = lines[at]) {
    if (line.trim() === '') {
      at++;
    } else if (line.startsWith('```')) {
      at++;
      const code = take((each) => !each.startsWith('```'));
      at++;
      blocks.push({ kind: 'code', text: code.join('\n') });
    } else if (/^#{1,6}\s/.test(line)) {
      blocks.push({ kind: 'heading', text: parseInline(line.replace(/^#+\s+/, '')) });
      at++;
    } else if (line.trimStart().startsWith('|')) {
      blocks.push(parseTable(take((each) => each.trimStart().startsWith('|'))));
    } else if (listItem.test(line)) {
      const ordered = listItem.exec(line)?.[1] !== undefined;
      const items: string[] = [];
      for (const each of take((other) => other.trim() !== '')) {
        if (listItem.test(each)) items.push(each.replace(listItem, ''));
        else items.push(`${items.pop() ?? ''} ${each.trim()}`);
      }
      blocks.push({ kind: 'list', ordered, items: items.map(parseInline) });
    } else {
      const text = take((each) => each.trim() !== '' && !/^(```|#{1,6}\s)/.test(each) && !listItem.test(each)).map((each) => each.trim());
      blocks.push({ kind: 'paragraph', text: parseInline(text.join(' ')) });
    }
  }
  return blocks;
}

function parseTable(lines: readonly string[]): Block {
  const cells = (line: string) =>
    line
      .trim()
      .replace(/^\||\|$/g, '')
      .split('|')
      .map((cell) => parseInline(cell.trim()));
  const hasHead = /^[\s|:-]+$/.test(lines[1] ?? '');
  return { kind: 'table', head: hasHead ? cells(lines[0] ?? '') : [], rows: lines.slice(hasHead ? 2 : 0).map(cells) };
}

const inline = /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*|(?<![\w])_([^_\s][^_]*)_(?![\w])|\[([^\]]+)\]\(([^)\s]+)\)/g;

export function parseInline(source: string): Inline[] {
  const parts: Inline[] = [];
  let end = 0;
  for (const match of source.matchAll(inline)) {
    if (match.index > end) parts.push({ kind: 'text', text: source.slice(end, match.index) });
    const [whole, code, strong, star, underscore, link, href] = match;
    if (code !== undefined) parts.push({ kind: 'code', text: code });
    else if (strong !== undefined) parts.push({ kind: 'strong', text: strong });
    else if (link !== undefined) parts.push({ kind: 'link', text: link, href: href ?? '' });
    else parts.push({ kind: 'emphasis', text: star ?? underscore ?? '' });
    end = match.index + whole.length;
  }
  if (end < source.length) parts.push({ kind: 'text', text: source.slice(end) });
  return parts;
}
