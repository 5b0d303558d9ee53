package dev.millrace.model.simd;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import jdk.incubator.vector.VectorShape;

/** Whether this JVM makes instructions of Java's Vector API (JEP 414). */
public final class Simd {

  /** Of the Vector API, which a JVM has if it was told so at its start. */
  public static final String MODULE = "jdk.incubator.vector";

  private static final int BITS = 256;

  private Simd() {}

  /** What this JVM lacks, as half a sentence; empty if nothing. */
  public static String missing() {
    if (ModuleLayer.boot().findModule(MODULE).isEmpty()) {
      return "Java runs without --add-modules=" + MODULE;
    }
    int bits = VectorShape.preferredShape().vectorBitSize();
    if (bits < BITS) {
      return "registers have %d bits, expected %d or more".formatted(bits, BITS);
    }
    if (!has("UseFMA", "true")) {
      return "the processor, or Java on it, has no fused multiply-add";
    }
    return isCompiled() ? "" : "Java runs without its second compiler";
  }

  private static boolean isCompiled() {
    List<String> given = ManagementFactory.getRuntimeMXBean().getInputArguments();
    return has("UseCompiler", "true")
        && has("TieredStopAtLevel", "4")
        && !has("CompilationMode", "quick-only")
        && !given.contains("-XX:-EnableVectorSupport")
        && !System.getProperty("java.vm.version", "").contains("jvmci");
  }

  /** False too in a JVM that has no such option. */
  private static boolean has(String option, String value) {
    var options = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    try {
      return options != null && options.getVMOption(option).getValue().equals(value);
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
