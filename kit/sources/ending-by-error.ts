import { behaviourOf } from '../../model/problems/behaviour-of.ts';
import { MillraceError } from '../../model/problems/problem.ts';
import type { Reader, SourceBatch, SourceContext, SourceDefinition } from '../node.ts';

/** The source, which may also end by an error of the behaviour `end-of-input`: callers then get null. */
export function endingByError(definition: SourceDefinition): SourceDefinition {
  return {
    ...definition,
    run(context) {
      try {
        const opened = definition.run(context);
        return opened instanceof Promise ? opened.then(withEnd, (error: unknown) => emptyAtEnd(error, context)) : withEnd(opened);
      } catch (error) {
        return emptyAtEnd(error, context);
      }
    },
  };
}

function withEnd(reader: Reader): Reader {
  const read = reader.read.bind(reader);
  reader.read = () => {
    try {
      const batch = read();
      return batch instanceof Promise ? batch.catch(nullAtEnd) : batch;
    } catch (error) {
      return nullAtEnd(error);
    }
  };
  return reader;
}

function nullAtEnd(error: unknown): SourceBatch | null {
  if (error instanceof MillraceError && behaviourOf(error.problem) === 'end-of-input') return null;
  throw error;
}

function emptyAtEnd(error: unknown, { start }: SourceContext<unknown>): Reader {
  nullAtEnd(error);
  return { read: () => null, position: () => start, close() {} };
}
