package dev.millrace.model.djl;

import com.sun.jna.NativeLibrary;

/** The C library's heap. */
public final class NativeHeap {

  private NativeHeap() {}

  /**
   * Gives what is free in it back to the system.
   *
   * @throws LinkageError if this C library cannot, or JNA does not load
   */
  public static void trim() {
    NativeLibrary.getInstance("c").getFunction("malloc_trim").invokeInt(new Object[] {0L});
  }
}
