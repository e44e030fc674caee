/** Moves the focus back to the canvas: to the selected node, or to the canvas itself. */
export function focusCanvas(): void {
  const flow = document.querySelector<HTMLElement>('.react-flow');
  const target = flow?.querySelector<HTMLElement>('.react-flow__node.selected[tabindex]') ?? flow;
  if (!target) return;
  if (!target.hasAttribute('tabindex')) target.tabIndex = -1;
  target.focus({ preventScroll: true });
}
