import type { AptSource } from './sources.ts';

/** The Debian mirror of a machine. */
export interface DebianMirror {
  /** For debootstrap; undefined for its default. */
  uri: string | undefined;
  /**
   * The content of /etc/apt/sources.list.d/debian.sources in an image. The first stanza is the
   * suite itself.
   */
  sources: string | undefined;
}

/** Debian's keys. Every Debian has this file. */
export const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * The mirror for a Debian suite on a machine with these sources. It is the mirror of that suite, or
 * else that of the machine's own release, because a mirror has all suites.
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
    const mirror = name === suite ? uri : mirrorOf(name);
    return mirror === undefined ? [] : [sourceStanza(mirror, name)];
  });
  return { uri, sources: stanzas.join('\n') };
}

/** An entry of apt's sources in deb822 style. It ends with a newline. */
export function sourceStanza(uri: string, suite: string): string {
  return `Types: deb\nURIs: ${uri}\nSuites: ${suite}\nComponents: main\nSigned-By: ${KEYRING}\n`;
}
