export interface Token {
  readonly kind: 'string' | 'number' | 'keyword' | 'property' | 'plain';
  readonly text: string;
}

const pattern =
  /(?<string>"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|`(?:[^`\\]|\\.)*`?)|(?<number>\b\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?\b)|(?<keyword>\b(?:true|false|null|undefined|typeof|instanceof|in|new|const|let|return|if|else|function)\b)|(?<=\.)(?<property>[\p{ID_Start}$_][\p{ID_Continue}$]*)/giu;

/** Colours for an expression that is not being edited; joined, the tokens are the source. */
export function highlight(source: string): Token[] {
  const tokens: Token[] = [];
  let end = 0;
  for (const match of source.matchAll(pattern)) {
    if (match.index > end) tokens.push({ kind: 'plain', text: source.slice(end, match.index) });
    const kind = (['string', 'number', 'keyword', 'property'] as const).find((name) => match.groups?.[name] !== undefined) ?? 'plain';
    tokens.push({ kind, text: match[0] });
    end = match.index + match[0].length;
  }
  if (end < source.length) tokens.push({ kind: 'plain', text: source.slice(end) });
  return tokens;
}
