package dev.millrace.model.weights;

import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Weights that are no safetensors, which are not read: pickles, and files of llama.cpp. */
public final class OtherWeights {

  private static final Pattern PICKLE = Pattern.compile("pytorch_model.*\\.bin|.*\\.pth?");
  private static final Pattern ADAPTER = Pattern.compile("adapter_model\\.bin");
  private static final Pattern GGUF = Pattern.compile(".*\\.gguf");

  private OtherWeights() {}

  /**
   * What to do with those in a folder; empty if there are none.
   *
   * @param folder may be such a file itself
   */
  public static String hint(Path folder) {
    String @Nullable [] held = folder.toFile().list();
    Stream<String> files =
        held == null ? Stream.of(String.valueOf(folder.getFileName())) : Stream.of(held).sorted();
    return files.flatMap(OtherWeights::said).findFirst().orElse("");
  }

  private static Stream<String> said(String file) {
    if (PICKLE.matcher(file).matches()) {
      return Stream.of(written(file, "AutoModelForCausalLM", "transformers"));
    }
    if (ADAPTER.matcher(file).matches()) {
      return Stream.of(written(file, "AutoPeftModelForCausalLM", "peft"));
    }
    return GGUF.matcher(file).matches()
        ? Stream.of(file + " is not read, expected the safetensors that it was made from")
        : Stream.of();
  }

  private static String written(String file, String by, String library) {
    return "%s is not read, expected safetensors: %s.from_pretrained(DIR).save_pretrained(DIR) of Python's %s writes them"
        .formatted(file, by, library);
  }
}
