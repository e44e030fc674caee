import { traitsOf } from '../../kit/op-traits.ts';
import type { NativeOp, OpTraits } from '../../kit/ops.ts';

/** The `lower` of a node of a test that has a `run`. Row by row, but for what `traits` say. */
export function toNative(traits: Partial<OpTraits> = {}): () => NativeOp {
  return () => ({ op: 'native', why: 'For tests.', traits: { ...traitsOf({ op: 'flatten' }), ...traits } });
}
