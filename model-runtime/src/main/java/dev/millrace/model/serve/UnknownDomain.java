package dev.millrace.model.serve;

/** What happens to a request for a domain that has no release that the caller may see. */
public enum UnknownDomain {
  /** The base alone answers, and the answer's null release says so. */
  BASE,
  /** It is refused with {@code unknown-domain}. */
  REFUSE
}
