import type { ImageConfig } from '../config/config.ts';
import { CONTEXT } from '../freshness/inputs.ts';
import type { ObservedInputs } from '../freshness/read-inputs.ts';
import { readIgnoreFile } from '../sources/context.ts';
import { IgnoreRules } from '../patterns/dockerignore.ts';
import { watchContext, type ContextWatch } from '../sources/watch-context.ts';

/** Watches the context of a build and its named contexts that are directories. */
export function watchTrees(image: ImageConfig, { trees, ignore }: ObservedInputs): ContextWatch {
  const watches = Object.entries(trees).map(([name, tree]) => {
    const named = name === CONTEXT ? undefined : image.contexts[name];
    if (named === undefined || !('directory' in named))
      return watchContext(image.context, tree, new IgnoreRules(ignore));
    return watchContext(named.directory, tree, new IgnoreRules(readIgnoreFile(named.directory) ?? ''));
  });
  const end = async () => {
    const moved = await Promise.all(watches.map((watch) => watch.end()));
    return moved.includes(true) || (moved.includes(undefined) ? undefined : false);
  };
  return { end };
}
