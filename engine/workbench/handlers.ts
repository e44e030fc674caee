import { type EditorProtocol, type RequestName, requestParams } from '../protocol/api.ts';
import type { Handlers, Parse } from '../protocol/connection.ts';
import { MillraceError } from '../schema/problem.ts';

/** The handlers of one area: a part of the protocol's. */
export type Answers<K extends RequestName> = Pick<Handlers<EditorProtocol>, K>;

const words: Readonly<Record<string, string>> = { sql: 'statement', path: 'path' };

/** Params as the protocol declares them, or error `protocol/params` with the path of the first that is wrong. */
export const parseRequest: Parse<EditorProtocol> = (name, params) => {
  const parsed = requestParams[name].safeParse(params);
  if (parsed.success) return parsed.data as never;
  const [issue] = parsed.error.issues;
  const path = issue!.path.join('.');
  if (issue!.code === 'too_big' && issue!.origin === 'string') {
    const most = Number(issue!.maximum).toLocaleString('en');
    throw new MillraceError({
      code: 'protocol/too-long',
      message: `This ${words[path] ?? 'text'} is too long: at most ${most} characters.`,
      hint: 'Shorten it.',
    });
  }
  throw new MillraceError({
    code: 'protocol/params',
    message: `Request "${name}": ${path ? `"${path}" ` : ''}${issue!.message}.`,
    hint: 'Editor and engine are of different versions: restart Millrace.',
    ...(path ? { field: path } : {}),
  });
};
