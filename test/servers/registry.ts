/** A schema registry in memory, with the requests that clients make. */
import { createServer } from 'node:http';

export interface Registry {
  readonly url: string;
  register(subject: string, schema: string, schemaType?: string): number;
  readonly schemas: readonly { readonly subject: string; readonly schema: string }[];
  stop(): Promise<void>;
}

export async function startRegistry(login: string | null = null): Promise<Registry> {
  const schemas: { subject: string; schema: string; schemaType: string }[] = [];
  const register = (subject: string, schema: string, schemaType = 'AVRO'): number => {
    const known = schemas.findIndex((each) => each.schema === schema && each.subject === subject);
    return known === -1 ? schemas.push({ subject, schema, schemaType }) : known + 1;
  };
  const server = createServer(async (request, response) => {
    const answer = (status: number, body: unknown) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (login !== null && request.headers.authorization !== `Basic ${Buffer.from(login).toString('base64')}`) return answer(401, { message: 'no' });
    const [, first = '', second = '', third = ''] = (request.url ?? '').split('/').map(decodeURIComponent);
    if (request.method === 'POST') {
      let text = '';
      for await (const chunk of request) text += chunk;
      const { schema, schemaType } = JSON.parse(text) as { schema: string; schemaType?: string };
      return answer(200, { id: register(second, schema, schemaType) });
    }
    if (first === 'subjects' && second === '') return answer(200, [...new Set(schemas.map(({ subject }) => subject))]);
    const id = first === 'schemas' ? Number(third) : schemas.findLastIndex(({ subject }) => subject === second) + 1;
    const found = schemas[id - 1];
    return found ? answer(200, { id, ...found }) : answer(404, { error_code: 40401 });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    register,
    schemas,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
