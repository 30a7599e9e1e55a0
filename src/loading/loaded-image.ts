/** The same where no pod can be older than the image. */
export interface NamedImage {
  name: string;
  reference: string;
  /**
   * The configuration's digest; it goes into pod templates, so that a rebuilt image under an
   * unchanged tag still rolls its pods.
   */
  digest?: string;
}

/** A configured image, as manifests refer to it. */
export interface DeployedImage extends NamedImage {
  digest: string;
}
