package dev.millrace.job.cli;

import dev.millrace.model.djl.LogitCheck;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "check",
    description = {
      "Loads a HuggingFace checkpoint and compares its logits with DIR/expected.safetensors; with",
      "--adapter, those of the adapter with the file in the adapter's folder."
    },
    footer = {
      "",
      "Examples:",
      "  ./millrace model check olmoe-tiny",
      "  ./millrace model check olmoe-tiny --adapter olmoe-tiny/adapter --json"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class CheckCommand implements Callable<Integer> {

  @Mixin private Output output;

  @Option(names = "--adapter", paramLabel = "DIR", description = "A PEFT folder.")
  private @Nullable Path adapter;

  @Option(
      names = "--tolerance",
      paramLabel = "T",
      description = "Greatest difference of a logit that passes (default: ${DEFAULT-VALUE}).")
  private double tolerance = 1e-4;

  @Parameters(paramLabel = "DIR", description = "The checkpoint's folder.")
  private Path folder;

  @Override
  public Integer call() throws Exception {
    LogitCheck check = LogitCheck.of(folder, adapter, output.loading());
    LogitCheck.Agreement agreement = check.agreement();
    boolean passed = passes(agreement);
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", check.id());
    json.put("positions", check.positions());
    json.put("maxAbsLogitDiff", agreement.maxAbsLogitDiff());
    json.put("greedyMatch", agreement.greedyMatch());
    json.put("passed", passed);
    LogitCheck.Agreement without = check.withoutExpert0();
    if (without != null) {
      json.put("maxAbsLogitDiffWithoutExpert0", without.maxAbsLogitDiff());
      json.put("greedyMatchWithoutExpert0", without.greedyMatch());
    }
    output.result(
        json,
        "model %s%nmaxAbsLogitDiff %.3g over %d positions, greedyMatch %s"
            .formatted(
                check.id(),
                agreement.maxAbsLogitDiff(),
                check.positions(),
                agreement.greedyMatch()));
    if (!passed) {
      output
          .err()
          .printf(
              "millrace: maxAbsLogitDiff %.3g, greedyMatch %s; expected at most %s, and no"
                  + " mismatch%s%n",
              agreement.maxAbsLogitDiff(),
              agreement.greedyMatch(),
              tolerance,
              without != null && passes(without)
                  ? "; the expected file leaves expert 0 out: without it %.3g, %s"
                      .formatted(without.maxAbsLogitDiff(), without.greedyMatch())
                  : "");
    }
    return passed ? 0 : Main.FAILED;
  }

  private boolean passes(LogitCheck.Agreement agreement) {
    return agreement.maxAbsLogitDiff() <= tolerance
        && !Boolean.FALSE.equals(agreement.greedyMatch());
  }
}
