/**
 * A module that is loaded when it is needed: the code that executes a source or sink, with its libraries. The declaration names it by an
 * `import()`, and nothing of it is loaded before it is needed to look at the outside world, read or write.
 *
 *     const code = loaded(() => import('./runtime/kafka.ts'));
 *     export default defineNode({ …, code, run: (context) => code().openTopic(context) });
 */
export interface Loaded<M = unknown> {
  /** The module. Throws if it is not loaded; within the functions that `defineNode` lists as needing it, it is. */
  (): M;
  readonly isLoaded: boolean;
  /** Loads it, once; rejects where that fails, and tries again when called again. */
  load(): Promise<void>;
}

export function loaded<M extends object>(load: () => Promise<M>): Loaded<M> {
  let module: M | null = null;
  let loading: Promise<void> | null = null;
  const get = (): M => {
    if (module) return module;
    throw new Error('Code was used before it was loaded');
  };
  return Object.defineProperties(get, {
    isLoaded: { get: () => module !== null },
    load: {
      value: () => {
        loading ??= load().then(
          (found) => {
            module = found;
          },
          (error: unknown) => {
            loading = null;
            throw error;
          },
        );
        return loading;
      },
    },
  }) as Loaded<M>;
}

/** What of a definition needs its code. */
const needingCode = ['discover', 'listen', 'acknowledge', 'rewind', 'committedCheckpoint', 'split', 'openPart', 'run', 'test', 'entries'] as const;
type NeedingCode = { readonly [name in (typeof needingCode)[number]]?: unknown };

/** A definition whose code is loaded before it is used; where it is loaded already, calls go straight through. */
export function loadingCode<D extends NeedingCode & { readonly code?: Loaded | undefined }>(definition: D): D {
  const { code } = definition;
  if (!code) return definition;
  const calls = needingCode.flatMap((name) => {
    const call = definition[name] as ((...given: unknown[]) => unknown) | undefined;
    if (!call) return [];
    return [[name, (...given: unknown[]) => (code.isLoaded ? call(...given) : code.load().then(() => call(...given)))]];
  });
  return { ...definition, ...Object.fromEntries(calls) };
}
