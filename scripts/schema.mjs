#!/usr/bin/env node
/**
 * Writes harness.schema.json, the JSON schema of the configuration: its shape from src/config/schema.ts, its descriptions
 * from the docstrings of src/config/define.ts. With --check it writes nothing and ends with 1 if the file is not
 * up to date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { toJsonSchema } from '@valibot/to-json-schema';
import ts from 'typescript';
import { schema } from '../dist/config/schema.js';

const FILE = 'harness.schema.json';

const { $schema, ...shape } = asJsonSchema(schema);
const result = { $schema, title: 'Configuration of kind-harness', ...withDescriptions(shape, docstrings()) };
const text = `${JSON.stringify(result, null, 2)}\n`;

if (!process.argv.includes('--check')) {
  writeFileSync(FILE, text);
} else if (readFileSync(FILE, 'utf8') !== text) {
  console.error(`${FILE} is not up to date. Run: node scripts/schema.mjs`);
  process.exitCode = 1;
}

function asJsonSchema(valibot) {
  return toJsonSchema(valibot, {
    target: 'draft-07',
    errorMode: 'ignore', // checks that JSON schema cannot express
    overrideSchema: ({ valibotSchema }) => {
      if (valibotSchema.type === 'custom') return {};
      // What is lazy for better messages stands here in full.
      return valibotSchema.type === 'lazy'
        ? { ...asJsonSchema(valibotSchema.getter()), $schema: undefined }
        : undefined;
    },
  });
}

/** The members of HarnessConfig with their docstrings, as a tree. */
function docstrings() {
  const file = 'src/config/define.ts';
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const root = source.statements.find((node) => ts.isInterfaceDeclaration(node) && node.name.text === 'HarnessConfig');
  const read = (members) =>
    new Map(
      members.filter(ts.isPropertySignature).map((member) => {
        const comment = ts.getJSDocCommentsAndTags(member).find(ts.isJSDoc)?.comment;
        if (comment === undefined) throw new Error(`${member.name.getText()} in ${file} has no docstring.`);
        return [
          member.name.getText(),
          { text: String(comment).replace(/\s+/g, ' '), members: read(membersOf(member.type)) },
        ];
      }),
    );
  return read(root.members);
}

/** The documented members of a property's type: of an object, or of the values of a record. */
function membersOf(type) {
  if (ts.isTypeLiteralNode(type)) return type.members;
  const isRecord = ts.isTypeReferenceNode(type) && type.typeName.getText() === 'Record';
  const value = isRecord ? type.typeArguments[1] : undefined;
  return value && ts.isTypeLiteralNode(value) ? value.members : [];
}

function withDescriptions(shape, members) {
  const whole = shape.allOf ? Object.assign({}, ...shape.allOf, shape, { allOf: undefined }) : shape;
  if (members.size === 0) return whole;
  if (!whole.properties) {
    const values = withDescriptions(whole.additionalProperties, members);
    return { ...whole, additionalProperties: values };
  }
  const properties = Object.entries(whole.properties).map(([name, value]) => {
    const doc = members.get(name);
    // What an option of several forms is made of is not documented member by member.
    return [name, doc ? { description: doc.text, ...withDescriptions(value, doc.members) } : value];
  });
  return { ...whole, properties: Object.fromEntries(properties) };
}
