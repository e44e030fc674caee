/** Apart from api.ts, so that the editor can say it without loading the validators. */
export const protocolVersion = 1;
