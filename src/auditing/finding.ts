import type { AuditRule } from '../config/config.ts';

export type Rule = AuditRule;

/** Something that an audit found. */
export interface Finding {
  rule: Rule;
  /** `file:line`, or a file, relative to the configuration's directory. */
  place: string;
  message: string;
  /** Bytes of the context that it is about; 0 if it is about none. */
  bytes: number;
}
