package dev.millrace.model.swap;

import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.release.Manifest;

/**
 * A release on a new base, in memory for as long as that is open: it answers there in place of the
 * one that it came of.
 */
public record Rebased(String release, Manifest manifest, LoadedAdapter adapter) {

  LiveRelease about(long readMillis) {
    return new LiveRelease(
        manifest.tenant(),
        manifest.domain(),
        release,
        manifest.batch(),
        manifest.learnedTo(),
        readMillis);
  }
}
