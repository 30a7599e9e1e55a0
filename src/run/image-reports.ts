import type { ImageAudit } from '../auditing/audit.ts';
import type { Why } from '../building/why.ts';
import { selectBuilds, selectImages, type Session } from '../session.ts';
import type { ImageSize } from '../sizes/weigh-images.ts';
import { inSession } from './in-session.ts';
import type { ImageTag } from './tags.ts';

/** Reports about images and what they are built from, for the library. */
export class ImageReports {
  readonly #session: Session;

  /** @internal */
  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * Reports what build contexts hold, what of it is sent, and what is wrong with contexts and
   * Dockerfiles. Changes nothing, unless it is to fix ignore files.
   * @param names of images; all if empty
   * @param how `fix` adds the proposed lines to ignore files
   */
  async audit(names: readonly string[] = [], { fix = false }: { fix?: boolean } = {}): Promise<ImageAudit[]> {
    const { images } = selectImages(this.#session.config, names);
    const { audit } = await import('../auditing/audit.ts');
    return inSession(this.#session, (session) => audit(session, images, fix));
  }

  /** Explains why images (all if none is named) will be built or not, and why they last were. */
  async why(names: readonly string[] = []): Promise<Why[]> {
    const images = selectBuilds(this.#session.config, names);
    const { why } = await import('../building/why.ts');
    return inSession(this.#session, (session) => why(session, images));
  }

  /** How large images (all if none is named) are, and what made them so. Changes nothing. */
  async sizes(names: readonly string[] = []): Promise<ImageSize[]> {
    const { images } = selectImages(this.#session.config, names);
    const { weighImages } = await import('../sizes/weigh-images.ts');
    return inSession(this.#session, (session) => weighImages(session, images));
  }

  /** What is due for the tags of images (all if none is named), and what stands. Changes nothing. */
  async tags(names: readonly string[] = []): Promise<ImageTag[]> {
    const { images } = selectImages(this.#session.config, names);
    const { listTags } = await import('./tags.ts');
    return inSession(this.#session, (session) => listTags(session, images));
  }
}
