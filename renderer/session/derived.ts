/**
 * `compute`, which returns its last result again as long as its arguments are the same objects. For values that many components derive from
 * one state: the first of them computes, the others look up. Keeps one set of arguments.
 */
export function derived<A extends readonly unknown[], R>(compute: (...args: A) => R): (...args: A) => R {
  let last: { readonly args: A; readonly result: R } | null = null;
  return (...args) => {
    if (!last || args.some((value, index) => !Object.is(value, last?.args[index]))) last = { args, result: compute(...args) };
    return last.result;
  };
}
