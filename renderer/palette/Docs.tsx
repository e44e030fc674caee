import { Fragment, type ReactNode } from 'react';

/**
 * A node's docs: the part of Markdown that they use (headings, paragraphs, lists, code, bold, emphasis). Made of elements, never of
 * HTML text, so that a plug-in's docs cannot do anything.
 */
export function Docs({ text }: { readonly text: string }) {
  const blocks = text.trim().split(/\n{2,}/);
  return (
    <div className="docs">
      {blocks.map((block, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the blocks of a text have no other name.
        <Fragment key={index}>{drawBlock(block)}</Fragment>
      ))}
    </div>
  );
}

function drawBlock(block: string): ReactNode {
  const fence = /^```\w*\n([\s\S]*?)\n?```$/.exec(block.trim());
  if (fence) return <pre>{fence[1]}</pre>;
  const heading = /^#{1,4}\s+(.*)$/.exec(block.trim());
  if (heading) return <h5>{drawInline(heading[1] ?? '')}</h5>;
  const lines = block.split('\n');
  if (lines.every((line) => /^\s*[-*]\s/.test(line) || /^\s{2,}\S/.test(line))) {
    const items = block.split(/\n(?=\s*[-*]\s)/).map((item) => item.replace(/^\s*[-*]\s+/, '').replace(/\n\s*/g, ' '));
    return (
      <ul>
        {items.map((item) => (
          <li key={item}>{drawInline(item)}</li>
        ))}
      </ul>
    );
  }
  return <p>{drawInline(lines.map((line) => line.trim()).join(' '))}</p>;
}

function drawInline(text: string): ReactNode {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*|\*[^*]+\*|\[[^\]]+\]\([^)]+\))/).map((part, index) => {
    const key = `${index} ${part}`;
    if (part.startsWith('`')) return <code key={key}>{part.slice(1, -1)}</code>;
    if (part.startsWith('**')) return <b key={key}>{part.slice(2, -2)}</b>;
    if (part.startsWith('*') && part.length > 2) return <i key={key}>{part.slice(1, -1)}</i>;
    const link = /^\[([^\]]+)\]/.exec(part);
    return link ? <span key={key}>{link[1]}</span> : part;
  });
}
