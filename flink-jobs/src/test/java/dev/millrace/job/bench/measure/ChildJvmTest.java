package dev.millrace.job.bench.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChildJvmTest {

  /** A process that answers once and fails. */
  static final class Failing {
    private Failing() {}

    public static void main(String[] args) {
      System.out.println("a line that is no answer");
      System.out.println(ChildJvm.ANSWER + "ready");
      throw new IllegalStateException(args[0]);
    }
  }

  @Test
  void answer_theProcessFails_saysWhatItSaid() throws IOException {
    try (ChildJvm child =
        ChildJvm.start(Failing.class, List.of(), List.of("-Xmx64m"), List.of("no room for 7"))) {
      assertEquals("ready", child.answer());
      String message = String.valueOf(assertThrows(IOException.class, child::answer).getMessage());
      assertTrue(message.contains("IllegalStateException: no room for 7"), message);
    }
  }
}
