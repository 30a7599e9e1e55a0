/**
 * Reads apt's sources, to find the archive that this machine already trusts. Writes them, to
 * install newer packages from the same archive. Formats: the one-line style and the deb822 style of
 * sources.list(5).
 */

import { join } from 'node:path';
import { list, read } from '../machine/platform.ts';

/** One entry of apt's sources. */
export interface AptSource {
  uris: string[];
  suites: string[];
  components: string[];
  /** The value of `Signed-By`, unchanged. It may be a whole key over several lines. */
  signedBy: string | undefined;
}

/** Parses a `*.sources` file. Skips disabled entries and sources of source code. */
export function parseDeb822(text: string): AptSource[] {
  const withoutComments = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n');
  return withoutComments
    .split(/\n\s*\n/)
    .map(fields)
    .filter((field) => words(field.get('types')).includes('deb') && field.get('enabled')?.toLowerCase() !== 'no')
    .map((field) => ({
      uris: words(field.get('uris')),
      suites: words(field.get('suites')),
      components: words(field.get('components')),
      signedBy: field.get('signed-by'),
    }));
}

/** Parses a file in the one-line style: `deb [signed-by=/key.gpg] URI suite component…`. */
export function parseOneLine(text: string): AptSource[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[(?<options>[^\]]*)\]\s+)?(?<uri>\S+)\s+(?<suite>\S+)(?<components>[^#]*)/.exec(
      line,
    )?.groups;
    if (!match?.['uri'] || !match['suite']) return [];
    const signedBy = words(match['options']).find((option) => option.startsWith('signed-by='));
    return [
      {
        uris: [match['uri']],
        suites: [match['suite']],
        components: words(match['components']),
        signedBy: signedBy?.slice('signed-by='.length),
      },
    ];
  });
}

/**
 * The entry for the distribution's own archive: the one with `main` of its release. The security
 * and update suites have other names and often other servers, and do not count.
 */
export function ownArchive(sources: readonly AptSource[], codename: string | undefined): AptSource | undefined {
  const suites = [codename, 'stable', 'oldstable'].filter((suite) => suite !== undefined);
  return sources.find(
    (source) =>
      source.suites.some((suite) => suites.includes(suite)) &&
      source.components.includes('main') &&
      source.uris.some((uri) => !uri.startsWith('cdrom:')),
  );
}

/** A deb822 file for `suite` with the servers and the key of `archive`. */
export function sourceFor(suite: string, archive: AptSource): string {
  const lines = [
    'Types: deb',
    `URIs: ${archive.uris.filter((uri) => !uri.startsWith('cdrom:')).join(' ')}`,
    `Suites: ${suite}`,
    'Components: main',
  ];
  if (archive.signedBy) lines.push(`Signed-By: ${archive.signedBy}`);
  return `${lines.join('\n')}\n`;
}

function fields(stanza: string): Map<string, string> {
  const found = new Map<string, string>();
  let last = '';
  for (const line of stanza.split('\n')) {
    const start = /^([\w-]+):\s*(.*)$/.exec(line);
    if (start) {
      last = (start[1] ?? '').toLowerCase();
      found.set(last, start[2] ?? '');
    } else if (last && /^\s/.test(line)) {
      found.set(last, `${found.get(last) ?? ''}\n${line}`); // keep the indent, because the value is written back unchanged
    }
  }
  return found;
}

function words(text: string | undefined): string[] {
  return text?.split(/\s+/).filter(Boolean) ?? [];
}

/** Every entry of apt's sources, in apt's own order. */
export function readAptSources(directory = '/etc/apt'): AptSource[] {
  const parts = join(directory, 'sources.list.d');
  const files = [join(directory, 'sources.list'), ...list(parts).map((name) => join(parts, name))];
  return files.flatMap((file) => {
    const text = read(file) ?? '';
    if (file.endsWith('.sources')) return parseDeb822(text);
    return file.endsWith('.list') ? parseOneLine(text) : []; // apt ignores other file name endings too
  });
}
