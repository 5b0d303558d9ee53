package dev.millrace.model.djl;

import ai.djl.Device;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Makes a program's own tensors where its arguments are: without a device they are the CPU's. */
final class Placement {

  private static final Pattern FACTORY =
      Pattern.compile("torch\\.(?:zeros|ones|full|arange|empty|tensor|randn)\\(");

  private Placement() {}

  /** The source with a device in each call that makes a tensor out of numbers. */
  static String of(Device device, String source) {
    if (!device.isGpu()) {
      return source;
    }
    return named("cuda:" + device.getDeviceId(), source);
  }

  static String named(String device, String source) {
    StringBuilder placed = new StringBuilder();
    Matcher call = FACTORY.matcher(source);
    int copied = 0;
    while (call.find()) {
      int end = closing(source, call.end());
      // What stands within is copied as it is: no factory's argument is another's result.
      placed.append(source, copied, end).append(", device=torch.device(\"").append(device);
      placed.append("\")");
      copied = end;
    }
    return placed.append(source, copied, source.length()).toString();
  }

  /** The place of the bracket that closes the one before {@code from}. */
  private static int closing(String source, int from) {
    int depth = 1;
    int at = from;
    while (depth > 0) {
      char c = source.charAt(at++);
      depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    }
    return at - 1;
  }
}
