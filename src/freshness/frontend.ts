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
    const directive = line.startsWith(mark) ? line.slice(mark.length) : '';
    const [, name = '', value = ''] = /^\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/.exec(directive) ?? [];
    if (name.toLowerCase() === 'syntax') return value.split(' ')[0];
    if (!['escape', 'check'].includes(name.toLowerCase())) return undefined;
  }
  return undefined;
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
