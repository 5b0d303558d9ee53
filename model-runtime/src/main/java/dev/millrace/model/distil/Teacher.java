package dev.millrace.model.distil;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Likeliest;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.kinds.AdapterFolder;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.weights.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who is asked: a base as it serves, alone or under an adapter.
 *
 * @param name of the adapter, by what it is; empty for none
 * @param count of likeliest tokens that it names
 * @param temperature that its logits are divided by
 */
public record Teacher(
    BaseModel base, LoadedAdapter adapter, String name, int count, double temperature) {

  public Teacher {
    if (count < 1) {
      throw new IllegalArgumentException(
          "%d likeliest tokens, expected 1 or more".formatted(count));
    }
  }

  /**
   * The adapter of a folder, with the routing of the release that the folder is, if it is one; the
   * caller closes it.
   *
   * @param folder null for the base alone
   */
  static LoadedAdapter load(BaseModel base, @Nullable Path folder) throws IOException {
    if (folder == null) {
      return base.noAdapter();
    }
    Path manifest = folder.resolve(Manifest.FILE);
    BaseModel routed =
        Files.exists(manifest)
            ? base.under(Manifest.parse(Files.readAllBytes(manifest)).routing())
            : base;
    return routed.load(AdapterFolder.read(folder, base.sites()));
  }

  /** Names the adapter of a folder by all that it says there; empty for the base alone. */
  static String name(@Nullable Path folder) throws IOException {
    if (folder == null) {
      return "";
    }
    List<String> digests = new ArrayList<>();
    for (String file : List.of(AdapterFolder.CONFIG, AdapterFolder.WEIGHTS, Manifest.FILE)) {
      if (Files.exists(folder.resolve(file))) {
        digests.add(Digest.sha256(folder.resolve(file)));
      }
    }
    return String.join(" ", digests);
  }

  /** What it says after each token but the last of some texts. */
  List<Likeliest> says(List<int[]> texts) {
    return base.likeliest(
        texts.stream().map(text -> new Sequence(text, adapter)).toList(), count, temperature);
  }
}
