import { trimGoSpaceStart } from '../patterns/go-space.ts';

/**
 * The frontend that a Dockerfile asks for: in a `# syntax=` line among its first lines, in a
 * `// syntax=` line there, or as the member `syntax` of a file that is a JSON object. A first line that
 * begins with `#!` does not count. Source: DetectSyntax of github.com/moby/buildkit.
 */
export function frontendOf(text: string): string | undefined {
  const content = text.replace(/^\uFEFF/, '').replace(/^#!.*(\n|$)/, '');
  return inDirective(content, '#') ?? inDirective(content, '//') ?? inJson(content);
}

function inDirective(text: string, mark: '#' | '//'): string | undefined {
  for (const line of text.split('\n')) {
    const directive = parseDirective(line, mark);
    if (directive?.name === 'syntax') return firstWord(directive.value);
    if (!directive) return undefined;
  }
  return undefined;
}

/** Options of a frontend may follow its reference. */
export function firstWord(frontend: string): string {
  return frontend.split(' ', 1)[0] ?? '';
}

const DIRECTIVE = /^([a-zA-Z][a-zA-Z0-9]*)[\t\f\r ]*=[\t\f\r ]*(.+?)[\t\f\r ]*$/;
const NAMES = ['syntax', 'escape', 'check'];

/** A parser directive, its name in lower case; undefined if the line is none. */
export function parseDirective(line: string, mark: '#' | '//'): { name: string; value: string } | undefined {
  if (!line.startsWith(mark)) return undefined;
  const [, name = '', value = ''] = DIRECTIVE.exec(trimGoSpaceStart(line.slice(mark.length))) ?? [];
  return NAMES.includes(name.toLowerCase()) ? { name: name.toLowerCase(), value } : undefined;
}

function inJson(text: string): string | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    const { syntax } = JSON.parse(text) as { syntax?: unknown };
    return typeof syntax === 'string' ? syntax : undefined;
  } catch {
    return undefined;
  }
}
