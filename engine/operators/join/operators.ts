export { lookingUp } from './lookup.ts';
export { lookingUpVersions } from './lookup-versions.ts';
export { streamJoining } from './stream-join.ts';
