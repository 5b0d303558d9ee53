package dev.millrace.job.cli.model;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.job.cli.options.BaseOption;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.loop.InputFile;
import dev.millrace.model.djl.Int8Check;
import dev.millrace.model.djl.LogitCheck;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

@Command(
    name = "check",
    description = {
      "Loads a HuggingFace checkpoint and compares: in fp32, its logits with those of",
      "DIR/expected.safetensors (with --adapter, the file in the adapter's folder); then what",
      "serves in int8 with fp32, on --texts, DIR/protected.jsonl or the expected file's tokens."
    },
    footer = {
      "",
      "Examples:",
      "  ./millrace model check models/nano",
      "  ./millrace model check olmoe-tiny",
      "  ./millrace model check olmoe-tiny --adapter olmoe-tiny/adapter --json"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class CheckCommand implements Callable<Integer> {

  /** Tokens of a text that are read. */
  private static final int LONGEST = 512;

  @Mixin private Output output;

  @Option(names = "--adapter", paramLabel = "DIR", description = "A PEFT folder.")
  private @Nullable Path adapter;

  @Option(
      names = "--texts",
      paramLabel = "F.jsonl",
      description = "Lines {\"text\"} on which int8 is compared with fp32.")
  private @Nullable Path texts;

  @Option(
      names = "--tolerance",
      paramLabel = "T",
      description = "Greatest difference of a logit that passes (default: ${DEFAULT-VALUE}).")
  private double tolerance = 1e-4;

  @Parameters(paramLabel = "DIR", description = "The checkpoint's folder.")
  private Path folder;

  @Override
  public Integer call() throws Exception {
    BaseOption.require("checkpoint", folder);
    if (adapter != null) {
      BaseOption.requireAdapter(adapter);
    }
    if (!(tolerance >= 0)) {
      throw new IllegalArgumentException("--tolerance " + tolerance + ", expected 0 or more");
    }
    Path expected = adapter == null ? folder : adapter;
    boolean known = LogitCheck.possible(expected);
    List<int[]> tokens = tokens(known ? LogitCheck.texts(folder, expected) : List.of());
    if (!known && (adapter != null || tokens.isEmpty())) {
      throw new ParameterException(
          output.commandLine(),
          expected
              + " has no expected.safetensors, expected one"
              + (adapter == null ? ", or --texts" : ""));
    }
    Map<String, Object> json = new LinkedHashMap<>();
    List<String> lines = new ArrayList<>();
    @Nullable String problem = known ? logits(json, lines) : null;
    Int8Check int8 = Int8Check.of(folder, tokens, output.loading());
    json.put("int8", int8(int8, lines));
    if (!known && !int8.good()) {
      problem = "int8 differs from fp32 by more than 0.2 % of loss, 1 % of top-1 or 2 % of experts";
    }
    json.put("passed", problem == null);
    output.result(json, String.join(System.lineSeparator(), lines));
    if (problem != null) {
      output.err().println("millrace: " + problem);
    }
    return problem == null ? 0 : Output.FAILED;
  }

  /** The token ids of the texts that were given, or that lie in the folder, or of the fallback. */
  private List<int[]> tokens(List<int[]> fallback) throws IOException {
    Path own = folder.resolve("protected.jsonl");
    Path file = texts == null ? own : texts;
    if (texts == null && !Files.exists(own)) {
      if (fallback.stream().anyMatch(text -> text.length < 2)) {
        throw new ParameterException(
            output.commandLine(),
            "expected.safetensors has rows of 1 token, which leave int8 nothing to predict; expected 2 or more, or --texts");
      }
      return fallback;
    }
    List<int[]> tokens = new ArrayList<>();
    int number = 0;
    Tokenizer tokenizer = Tokenizers.open(folder);
    try (BufferedReader reader = InputFile.open(file)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        JsonNode text = InputFile.json(line, ++number, file).path("text");
        int[] ids = tokenizer.encode(text.asText());
        if (ids.length >= 2) {
          tokens.add(Arrays.copyOf(ids, Math.min(ids.length, LONGEST)));
        }
      }
    }
    if (tokens.isEmpty()) {
      throw new ParameterException(
          output.commandLine(), file + " has no text of 2 tokens or more, expected some");
    }
    return tokens;
  }

  /** What does not agree with the expected file, or null. */
  private @Nullable String logits(Map<String, Object> json, List<String> lines) throws IOException {
    LogitCheck check = LogitCheck.of(folder, adapter, output.loading());
    LogitCheck.Agreement agreement = check.agreement();
    json.put("model", check.id());
    json.put("positions", check.positions());
    json.put("maxAbsLogitDiff", agreement.maxAbsLogitDiff());
    json.put("greedyMatch", agreement.greedyMatch());
    lines.add("model " + check.id());
    lines.add(
        "maxAbsLogitDiff %.3g over %d positions, greedyMatch %s"
            .formatted(agreement.maxAbsLogitDiff(), check.positions(), agreement.greedyMatch()));
    if (passes(agreement)) {
      return null;
    }
    return "maxAbsLogitDiff %.3g, greedyMatch %s; expected at most %s, and no mismatch%s"
        .formatted(
            agreement.maxAbsLogitDiff(),
            agreement.greedyMatch(),
            tolerance,
            without(check.withoutExpert0(), json));
  }

  private String without(LogitCheck.@Nullable Agreement without, Map<String, Object> json) {
    if (without == null) {
      return "";
    }
    json.put("maxAbsLogitDiffWithoutExpert0", without.maxAbsLogitDiff());
    json.put("greedyMatchWithoutExpert0", without.greedyMatch());
    return passes(without)
        ? "; the expected file leaves expert 0 out: without it %.3g, %s"
            .formatted(without.maxAbsLogitDiff(), without.greedyMatch())
        : "";
  }

  private boolean passes(LogitCheck.Agreement agreement) {
    return agreement.maxAbsLogitDiff() <= tolerance
        && !Boolean.FALSE.equals(agreement.greedyMatch());
  }

  private static Map<String, Object> int8(Int8Check check, List<String> lines) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("tokens", check.tokens());
    json.put("lossFp32", check.lossFp32());
    json.put("lossInt8", check.lossInt8());
    json.put("lossIncrease", check.lossIncrease());
    json.put("top1Agreement", check.top1Agreement());
    json.put("routingAgreement", check.routingAgreement());
    json.put("meanAbsLogProbDiff", check.meanAbsLogProbDiff());
    lines.add(
        "int8 against fp32 over %d tokens: loss %.4f, %.4f (%+.3f %%), top-1 %.2f %%, experts %.2f %%"
            .formatted(
                check.tokens(),
                check.lossFp32(),
                check.lossInt8(),
                100 * check.lossIncrease(),
                100 * check.top1Agreement(),
                100 * check.routingAgreement()));
    return json;
  }
}
