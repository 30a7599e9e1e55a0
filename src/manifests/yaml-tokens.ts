import { CST, Parser, type YAMLError } from 'yaml';

/** The tokens of texts, with and without quotes. */
export function scalarTokens(text: string): (CST.FlowScalar | CST.BlockScalar)[] {
  const found: (CST.FlowScalar | CST.BlockScalar)[] = [];
  for (const token of new Parser().parse(text))
    visitTokens(token, (each) => {
      if (each.type === 'scalar' || each.type.endsWith('-scalar')) found.push(each as CST.FlowScalar | CST.BlockScalar);
    });
  return found;
}

/** The tokens of a text, for the composer. */
export function* tokensOf(text: string): Generator<CST.Token> {
  const hasColons = /:[,[\]{}]/.test(text);
  for (const token of new Parser().parse(text)) {
    if (hasColons)
      visitTokens(token, (each) => {
        if (each.type === 'flow-collection') each.items.forEach((item) => keepColon(item, each.start.source === '['));
      });
    yield token;
  }
}

/** Before a comma or a bracket, a colon belongs to the text: `[::]` is a list with `::`. */
function keepColon(item: CST.CollectionItem, isInList: boolean): void {
  const { key, sep: [colon, next] = [], value } = item;
  if (key?.type !== 'scalar' || colon?.type !== 'map-value-ind' || next) return;
  if (value && !(value.type === 'scalar' && value.source === '')) return;
  if (colon.offset !== key.offset + key.source.length) return;
  key.source += ':';
  item.sep = [];
  delete item.value;
  if (!isInList) return;
  delete item.sep;
  delete item.key;
  item.value = key;
}

const INDENT = ' '.repeat(256);

/**
 * A text in quotes, and a list in brackets, may continue further left than its key. The parser does
 * not allow that, so this indents such lines. Space at the begin of these lines means nothing.
 * @param error where the parser stopped
 * @returns undefined if that is not the reason
 */
export function indentFurther(text: string, error: Pick<YAMLError, 'code' | 'pos' | 'message'>): string | undefined {
  if (error.code === 'MISSING_CHAR') return indentQuoted(text);
  if (error.code !== 'BAD_INDENT' || !error.message.startsWith('Flow ')) return undefined;
  const line = text.lastIndexOf('\n', error.pos[0] - 1) + 1;
  const isNoUse = line === 0 || line === text.length || text.startsWith(INDENT, line);
  return isNoUse ? undefined : text.slice(0, line) + INDENT + text.slice(line);
}

function indentQuoted(text: string): string | undefined {
  const start = scalarTokens(text).find(isUnclosed)?.offset;
  if (start === undefined) return undefined;
  const [quoted = ''] = /^(?:"(?:[^"\\]|\\[^])*"|'(?:[^']|'')*')/.exec(text.slice(start)) ?? [];
  if (quoted === '') return undefined;
  return text.slice(0, start) + quoted.replaceAll('\n', `\n${INDENT}`) + text.slice(start + quoted.length);
}

function isUnclosed({ type, source }: CST.FlowScalar | CST.BlockScalar): boolean {
  if (type === 'scalar' || type === 'block-scalar') return false;
  return source.length === 1 || !source.endsWith(source.charAt(0));
}

function visitTokens(token: CST.Token, look: (token: CST.Token) => void): void {
  if (token.type !== 'document') return;
  if (token.value) look(token.value);
  CST.visit(token, ({ key, value }) => {
    if (key) look(key);
    if (value) look(value);
  });
}
