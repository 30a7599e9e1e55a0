import type { Command } from './command.ts';
import { size } from './size-command.ts';
import { columns, whyLines } from './tables.ts';

/** Commands that explain images, and change nothing. */
export const IMAGE_COMMANDS: Command[] = [
  {
    name: 'why',
    summary: 'explain why the next build of an image will happen or not, and why the last one did',
    takes: 'images',
    options: ['sinceImage'],
    run: async ({ harness, args }) => {
      const images = await harness.why(args);
      return { lines: whyLines(images, Date.now()), more: { images } };
    },
  },
  {
    name: 'size',
    summary: 'print how large images are, and which lines of their Dockerfiles made them so',
    takes: 'images',
    run: ({ harness, args }) => size(harness, args),
  },
  {
    name: 'tags',
    summary: 'print which tags of images are due, and which stand',
    takes: 'images',
    run: async ({ harness, args }) => {
      const tags = await harness.tags(args);
      const lines = columns(tags.map(({ tag, action, reason }) => [action, tag, reason]));
      return { lines: lines.length === 0 ? ['no tags are configured'] : lines, more: { tags } };
    },
  },
];
