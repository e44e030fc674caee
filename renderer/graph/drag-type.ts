/** What the palette puts into a drag: the node's type. */
export const dragType = 'application/x-millrace-node';
