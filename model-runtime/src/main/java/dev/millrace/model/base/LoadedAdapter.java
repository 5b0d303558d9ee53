package dev.millrace.model.base;

/**
 * An adapter in native memory, ready to serve; closing frees it, and a call that is using it
 * finishes first.
 */
public interface LoadedAdapter extends AutoCloseable {
  @Override
  void close();
}
