/** An address that is connected to, in words: `kafka.example.com:9092*` is that server `and the members it names`. */
export function describeReach(address: string): string {
  return address.endsWith('*') ? `${address.slice(0, -1)} and the members of its cluster` : address;
}
