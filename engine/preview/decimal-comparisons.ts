import type * as TypeScript from 'typescript';

const comparisons = new Set(['<', '<=', '>', '>=', '===', '!==', '==', '!=']);

/** Where decimals are compared by operators, which TypeScript lets pass between two values of the same type: as objects they throw, or are never equal. */
export function decimalComparisons(ts: typeof TypeScript, program: TypeScript.Program, file: TypeScript.SourceFile): TypeScript.BinaryExpression[] {
  const types = program.getTypeChecker();
  const isDecimal = (node: TypeScript.Node): boolean => {
    const type = types.getTypeAtLocation(node);
    return (type.isUnion() ? type.types : [type]).some((each) => each.symbol?.name === 'Decimal');
  };
  const isNull = (node: TypeScript.Node): boolean => node.kind === ts.SyntaxKind.NullKeyword || (ts.isIdentifier(node) && node.text === 'undefined');
  const found: TypeScript.BinaryExpression[] = [];
  const visit = (node: TypeScript.Node): void => {
    if (ts.isBinaryExpression(node) && comparisons.has(node.operatorToken.getText(file)) && !isNull(node.left) && !isNull(node.right)) {
      if (isDecimal(node.left) || isDecimal(node.right)) found.push(node);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}
