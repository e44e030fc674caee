/**
 * A picked path as a pipeline stores it: relative (with `/`) when it lies in the folder of the pipeline's file or below it, so
 * that both can be moved together; else as it is.
 */
export function storedPath(picked: string, pipelinePath: string | null): string {
  if (!pipelinePath) return picked;
  const folder = slashes(pipelinePath).replace(/[^/]*$/, '');
  const path = slashes(picked);
  return path.startsWith(folder) && path.length > folder.length ? path.slice(folder.length) : picked;
}

function slashes(path: string): string {
  return /^[a-zA-Z]:[\\/]|^\\\\/.test(path) ? path.replaceAll('\\', '/') : path;
}
