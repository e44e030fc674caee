import { traitsOf } from '@millrace/kit/op-traits';
import type { NativeOp, OpTraits } from '@millrace/kit/ops';

/** The `lower` of a node of a test that has a `run`. Row by row, but for what `traits` say. */
export function toNative(traits: Partial<OpTraits> = {}): () => NativeOp {
  return () => ({ op: 'native', why: 'For tests.', traits: { ...traitsOf({ op: 'flatten' }), ...traits } });
}
