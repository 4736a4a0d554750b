import { readFileSync } from 'node:fs';
import ts from 'typescript';

/** The members of an exported interface, or of an object type, by name. */
export function membersOf(file: string, name: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
  for (const statement of source.statements) {
    if (ts.isInterfaceDeclaration(statement) && statement.name.text === name) {
      return statement.members
        .map((member) => member.name)
        .filter((member) => member !== undefined && ts.isIdentifier(member))
        .map((member) => (member as ts.Identifier).text);
    }
  }
  throw new Error(`There is no interface ${name} in ${file}.`);
}

/** The words of an exported union of strings. */
export function wordsOf(file: string, name: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
  for (const statement of source.statements) {
    if (!ts.isTypeAliasDeclaration(statement) || statement.name.text !== name) continue;
    if (!ts.isUnionTypeNode(statement.type)) break;
    return statement.type.types
      .filter(ts.isLiteralTypeNode)
      .map(({ literal }) => (literal as ts.StringLiteral).text);
  }
  throw new Error(`There is no union ${name} in ${file}.`);
}
