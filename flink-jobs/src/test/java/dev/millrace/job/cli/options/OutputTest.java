package dev.millrace.job.cli.options;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

class OutputTest {

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  /** Has a result, and what is against it. */
  @Command
  @SuppressWarnings("NullAway.Init") // picocli sets the fields
  static final class Judging implements Callable<Integer> {

    @Mixin private Output output;
    private final List<String> against;

    Judging(List<String> against) {
      this.against = against;
    }

    @Override
    public Integer call() {
      return output.result(Map.of("good", against.isEmpty()), "the text says why", against);
    }
  }

  @Test
  void result_somethingIsAgainstIt_isSaidOnceInEitherForm() {
    Judging judging = new Judging(List.of("a is 1, expected 2", "b is missing"));
    assertEquals(Output.FAILED, run(judging));
    assertEquals("the text says why", out.toString().strip());
    assertEquals("", err.toString());
    assertEquals(Output.FAILED, run(judging, "--json"));
    assertEquals("millrace: a is 1, expected 2; b is missing", err.toString().strip());
  }

  @Test
  void result_nothingIsAgainstIt_saysNothingElse() {
    assertEquals(0, run(new Judging(List.of()), "--json"));
    assertEquals("{\n  \"good\" : true\n}", out.toString().strip());
    assertEquals("", err.toString());
  }

  private int run(Judging judging, String... words) {
    return new CommandLine(judging)
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(words);
  }
}
