/** The params of a connection, its secret filled in. */
export interface ConnectionParams {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string | null;
  readonly tls: 'verify' | 'unverified' | 'off';
  readonly ca: string | null;
  readonly options: { readonly [setting: string]: string };
}
