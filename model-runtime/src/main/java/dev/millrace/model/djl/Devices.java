package dev.millrace.model.djl;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.StandardCapabilities;

/** What can train here. Whatever serves, scores and judges is integer products of the CPU. */
public final class Devices {

  /** The GPU where one can be used, else the CPU. */
  public static final String AUTO = "auto";

  public static final String CPU = "cpu";
  public static final String GPU = "gpu";

  private Devices() {}

  /**
   * The device that is meant: {@link #CPU} or {@link #GPU}.
   *
   * @throws IllegalArgumentException if a GPU is asked for and cannot be used; it says why
   */
  public static String resolve(String asked) {
    return resolve(asked, asked.equals(CPU) ? "" : missing());
  }

  static String resolve(String asked, String missing) {
    return switch (asked) {
      case CPU -> CPU;
      case AUTO -> missing.isEmpty() ? GPU : CPU;
      case GPU -> {
        if (!missing.isEmpty()) {
          throw new IllegalArgumentException("device gpu, but " + missing + "; see docs/gpu.md");
        }
        yield GPU;
      }
      default ->
          throw new IllegalArgumentException("device " + asked + ", expected auto, cpu or gpu");
    };
  }

  /** What it takes to use a GPU and is not there; empty if nothing is missing. */
  public static String missing() {
    Engine engine = Engine.getEngine(Program.ENGINE);
    if (!engine.hasCapability(StandardCapabilities.CUDA)) {
      return "this libtorch was built without CUDA, expected one of pytorch-native-cu*";
    }
    return engine.getGpuCount() > 0 ? "" : "no CUDA device is visible, expected at least one";
  }

  static Device device(String resolved) {
    return resolved.equals(GPU) ? Device.gpu() : Device.cpu();
  }
}
