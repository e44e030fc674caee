/**
 * Whether a name matches one segment of a path pattern: `*` stands for any characters, `?` for one. A name that starts with a dot needs a
 * segment that does. Takes time proportional to the length of the name, whatever the pattern.
 */
export function namePattern(segment: string): (name: string) => boolean {
  const [first = [], ...others] = segment.split('*').map((piece) => [...piece]);
  const last = others.pop();
  const isHiddenToo = segment.startsWith('.');
  return (name) => {
    if (name.startsWith('.') && !isHiddenToo) return false;
    const characters = [...name];
    if (!fits(characters, 0, first)) return false;
    if (last === undefined) return characters.length === first.length;
    const end = characters.length - last.length;
    let at = first.length;
    // What lies between two stars may match where it is first found: the star after it takes all the rest.
    for (const piece of others) {
      while (at + piece.length <= end && !fits(characters, at, piece)) at++;
      at += piece.length;
    }
    return at <= end && fits(characters, end, last);
  };
}

function fits(characters: readonly string[], at: number, piece: readonly string[]): boolean {
  for (let i = 0; i < piece.length; i++) {
    const found = characters[at + i];
    if (found === undefined || (found !== piece[i] && piece[i] !== '?')) return false;
  }
  return true;
}

/**
 * Whether a path is what another one names: the same, or one that its pattern matches. Segments as in `namePattern`; `**` stands for any
 * folders.
 */
export function pathMatches(pattern: string, path: string): boolean {
  const names = segmentsOf(path);
  const matchers = segmentsOf(pattern).map((segment) => (segment === '**' ? null : segment === '..' ? (name: string) => name === '..' : namePattern(segment)));
  // Whether the first segments of the pattern, up to each number, match the names so far, for one name after another.
  let reached = [true, ...matchers.map((_, i) => matchers.slice(0, i + 1).every((each) => each === null))];
  for (const name of names) {
    const next = [false];
    for (const [i, matches] of matchers.entries()) {
      const here =
        matches === null ? next[i] === true || ((reached[i + 1] || reached[i]) === true && !name.startsWith('.')) : reached[i] === true && matches(name);
      next.push(here);
    }
    reached = next;
  }
  return reached.at(-1) === true || segmentsOf(pattern).join('/') === names.join('/');
}

function segmentsOf(path: string): readonly string[] {
  return path.split(/[\\/]/).filter((segment, i) => segment !== '.' && (segment !== '' || i === 0));
}
