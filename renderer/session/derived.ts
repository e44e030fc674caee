/**
 * `compute`, which answers again with its last result as long as its arguments are the same objects. For what many components ask
 * of one state: the first of them pays, the others look up. Holds on to one set of arguments.
 */
export function derived<A extends readonly unknown[], R>(compute: (...args: A) => R): (...args: A) => R {
  let last: { readonly args: A; readonly result: R } | null = null;
  return (...args) => {
    if (!last || args.some((value, index) => !Object.is(value, last?.args[index]))) last = { args, result: compute(...args) };
    return last.result;
  };
}
