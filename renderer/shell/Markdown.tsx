// biome-ignore-all lint/suspicious/noArrayIndexKey: the parts have no identity but their place.
import { useMemo } from 'react';
import styles from './Markdown.module.css';
import { type Block, type Inline, parseMarkdown } from './markdown.ts';

/** Node docs as elements. Links are shown with their address, but cannot be followed: the editor opens nothing remote. */
export function Markdown({ source }: { readonly source: string }) {
  const blocks = useMemo(() => parseMarkdown(source), [source]);
  return <div className={styles.markdown}>{blocks.map((block, index) => drawBlock(block, index))}</div>;
}

function drawBlock(block: Block, key: number) {
  switch (block.kind) {
    case 'heading':
      return <h2 key={key}>{drawInline(block.text)}</h2>;
    case 'paragraph':
      return <p key={key}>{drawInline(block.text)}</p>;
    case 'code':
      return <pre key={key}>{block.text}</pre>;
    case 'list': {
      const items = block.items.map((item, index) => <li key={index}>{drawInline(item)}</li>);
      return block.ordered ? <ol key={key}>{items}</ol> : <ul key={key}>{items}</ul>;
    }
    case 'table':
      return (
        <table key={key}>
          {block.head.length > 0 && (
            <thead>
              <tr>
                {block.head.map((cell, index) => (
                  <th key={index}>{drawInline(cell)}</th>
                ))}
              </tr>
            </thead>
          )}
          <tbody>
            {block.rows.map((row, index) => (
              <tr key={index}>
                {row.map((cell, column) => (
                  <td key={column}>{drawInline(cell)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      );
  }
}

function drawInline(parts: readonly Inline[]) {
  return parts.map((part, index) => {
    switch (part.kind) {
      case 'code':
        return <code key={index}>{part.text}</code>;
      case 'strong':
        return <strong key={index}>{part.text}</strong>;
      case 'emphasis':
        return <em key={index}>{part.text}</em>;
      case 'link':
        return (
          <span key={index} title={part.href}>
            {part.text}
          </span>
        );
      default:
        return part.text;
    }
  });
}
