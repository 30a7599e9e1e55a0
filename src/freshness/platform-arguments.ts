/** Other names of architectures, and variants that are the default of theirs. Source: containerd/platforms. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  armhf: 'arm/v7',
  armel: 'arm/v6',
  i386: '386',
};
const DEFAULT_VARIANTS: Readonly<Record<string, string>> = { amd64: 'v1', arm64: 'v8' };

/** The arguments that BuildKit sets for a platform, such as TARGETARCH. */
export function platformArguments(prefix: 'TARGET' | 'BUILD', platform: string): Record<string, string> {
  const { os, architecture, variant } = parsePlatform(platform);
  return {
    [`${prefix}PLATFORM`]: [os, architecture, ...(variant === '' ? [] : [variant])].join('/'),
    [`${prefix}OS`]: os,
    [`${prefix}OSVERSION`]: '',
    [`${prefix}ARCH`]: architecture,
    [`${prefix}VARIANT`]: variant,
  };
}

function parsePlatform(platform: string): { os: string; architecture: string; variant: string } {
  const [os = '', written = '', givenVariant = ''] = platform.toLowerCase().split('/');
  const [architecture = '', impliedVariant = ''] = (ARCHITECTURES[written] ?? written).split('/');
  const named = (givenVariant || impliedVariant).replace(/^(\d)/, 'v$1');
  const variant = architecture === 'arm' && named === '' ? 'v7' : named;
  return { os, architecture, variant: DEFAULT_VARIANTS[architecture] === variant ? '' : variant };
}
