import type { AptSource } from './sources.ts';

/** Where a machine gets Debian from. */
export interface DebianMirror {
  /** For debootstrap; undefined: its own default. */
  uri: string | undefined;
  /**
   * What goes into /etc/apt/sources.list.d/debian.sources of an image; the first stanza is the
   * suite itself.
   */
  sources: string | undefined;
}

/** Debian's own keys, in every Debian. */
export const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * The mirror for a Debian suite on a machine with these sources: the one that it uses for the
 * suite, or else for its own release (a mirror has all of them).
 */
export function debianMirror(
  sources: readonly AptSource[],
  suite: string,
  hostSuite: string | undefined,
): DebianMirror {
  const usable = sources.map((source) => ({ ...source, uris: source.uris.filter((uri) => /^https?:/.test(uri)) }));
  const mirrorOf = (name: string) =>
    usable.find((source) => source.suites.includes(name) && source.components.includes('main'))?.uris[0];
  const uri = mirrorOf(suite) ?? (hostSuite === undefined ? undefined : mirrorOf(hostSuite));
  if (uri === undefined) return { uri: undefined, sources: undefined };
  const stanzas = [suite, `${suite}-updates`, `${suite}-security`].flatMap((name) => {
    const at = name === suite ? uri : mirrorOf(name);
    return at === undefined ? [] : [sourceStanza(at, name)];
  });
  return { uri, sources: stanzas.join('\n') };
}

/** An entry of apt's sources in deb822 style, with the end of its last line. */
export function sourceStanza(uri: string, suite: string): string {
  return `Types: deb\nURIs: ${uri}\nSuites: ${suite}\nComponents: main\nSigned-By: ${KEYRING}\n`;
}
