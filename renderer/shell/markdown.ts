/** The Markdown that node docs use, parsed into data: paragraphs, headings, lists, tables, code. No HTML passes through. */

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
  while (at < lines.length) {
    const line = lines[at]!;
    if (line.trim() === '') {
      at++;
    } else if (line.startsWith('```')) {
      const code: string[] = [];
      for (at++; at < lines.length && !lines[at]!.startsWith('```'); at++) code.push(lines[at]!);
      at++;
      blocks.push({ kind: 'code', text: code.join('\n') });
    } else if (/^#{1,6}\s/.test(line)) {
      blocks.push({ kind: 'heading', text: parseInline(line.replace(/^#+\s+/, '')) });
      at++;
    } else if (line.trimStart().startsWith('|')) {
      const table: string[] = [];
      for (; at < lines.length && lines[at]!.trimStart().startsWith('|'); at++) table.push(lines[at]!);
      blocks.push(parseTable(table));
    } else if (listItem.test(line)) {
      const ordered = listItem.exec(line)![1] !== undefined;
      const items: string[] = [];
      for (; at < lines.length && lines[at]!.trim() !== ''; at++) {
        if (listItem.test(lines[at]!)) items.push(lines[at]!.replace(listItem, ''));
        else items.push(`${items.pop() ?? ''} ${lines[at]!.trim()}`);
      }
      blocks.push({ kind: 'list', ordered, items: items.map(parseInline) });
    } else {
      const text: string[] = [];
      for (; at < lines.length && lines[at]!.trim() !== '' && !/^(```|#{1,6}\s)/.test(lines[at]!) && !listItem.test(lines[at]!); at++)
        text.push(lines[at]!.trim());
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
  return { kind: 'table', head: hasHead ? cells(lines[0]!) : [], rows: lines.slice(hasHead ? 2 : 0).map(cells) };
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
