import type { ImageAudit } from '../auditing/audit.ts';
import { selectImages, type Session } from '../session.ts';
import { inSession } from './in-session.ts';

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
}
