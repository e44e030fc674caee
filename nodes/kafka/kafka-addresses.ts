/** The addresses that a connection to Kafka names. */

export interface Broker {
  readonly host: string;
  readonly port: number;
}
const defaultPort = 9092;

/** Those that can be read; what is no address is left out. */
export function brokersOf(text: string): Broker[] {
  return text.split(',').flatMap((each) => {
    const [, name, number] = /^\s*(\[[^\]]+\]|[^\s:[\]]+)(?::(\d{1,5}))?\s*$/.exec(each) ?? [];
    if (name === undefined) return [];
    return [{ host: name.replace(/^\[|\]$/g, ''), port: number === undefined ? defaultPort : Number(number) }];
  });
}

/** The brokers, with all others of their clusters, and the registry. */
export function addressesOf({ brokers, registry }: { readonly brokers: string; readonly registry: string | null }): string[] {
  const seeds = brokersOf(brokers).map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}*`);
  if (!registry || !URL.canParse(registry)) return seeds;
  const { hostname, port, protocol } = new URL(registry);
  return [...seeds, `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`];
}
