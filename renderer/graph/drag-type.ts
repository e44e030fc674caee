/** The data of a drag from the palette: the node's type. */
export const dragType = 'application/x-millrace-node';
