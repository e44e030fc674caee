/**
 * A function from source text that was generated for one schema: reading columns by constant names costs a fraction of `row[name]` in a
 * loop over names, which V8 cannot specialise. The text consists of our own code and of names that `stringLiteral` (row-code.ts) has made
 * harmless, never of users' code. `given` are the values that it may use.
 */
export function generatedFunction<T>(given: { readonly [name: string]: unknown }, source: string): T {
  return new Function(...Object.keys(given), `return ${source}`)(...Object.values(given)) as T;
}
