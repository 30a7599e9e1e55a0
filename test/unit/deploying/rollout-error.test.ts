import { expect, it } from 'vitest';
import { adviceFor } from '../../../src/deploying/rollout-error.ts';

it('an image that a node lacks and does not pull is to be loaded', () => {
  expect(adviceFor('ErrImageNeverPull')).toContain('run `harness load-if-needed`');
  expect(adviceFor('ImagePullBackOff')).toContain('Check the `image:` in the manifest.');
});
