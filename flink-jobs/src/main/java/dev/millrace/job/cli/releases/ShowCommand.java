package dev.millrace.job.cli.releases;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.cli.options.StoreOption;
import dev.millrace.job.io.FlinkReleaseFiles;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.model.release.InvalidReleaseException;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.model.release.ReleaseReader;
import dev.millrace.model.release.Routing;
import dev.millrace.model.release.TrustedKeys;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.wire.Counted;
import dev.millrace.schema.wire.ErrorLine;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "show",
    description = {
      "What a release is and what it was made from, after its digest was verified; fails if one of its",
      "files is not what the manifest says."
    },
    footer = {"", "Example:", "  ./millrace releases show 3f9a  # the beginning is enough"})
@SuppressWarnings("NullAway.Init") // picocli sets the fields
public final class ShowCommand implements Callable<Integer> {

  @Mixin private Output output;

  @Mixin private StoreOption store;

  @Option(
      names = "--trust",
      paramLabel = "KEY,…",
      description = "Public keys that may have signed it: base64 of their X.509 form.")
  private String trust = "";

  @Parameters(paramLabel = "ID", description = "A release id, or its beginning.")
  private String id;

  @Override
  public Integer call() throws Exception {
    StoredReleases stored = StoredReleases.read(store.folder(), output.err()::println);
    String release = stored.find(id);
    Manifest manifest = stored.manifest(release);
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("release", release);
    json.put("chain", chain(stored, manifest));
    json.put("signature", signature(stored, release));
    json.put("manifest", new ObjectMapper().readTree(manifest.toBytes()));
    List<String> damaged = damaged(stored.uri(release), manifest);
    json.put("damaged", damaged);
    output.result(json, text(stored, release, manifest, damaged));
    if (!damaged.isEmpty()) {
      output.say("millrace: release %s is damaged: %s", release, damaged.get(0));
    }
    return damaged.isEmpty() ? 0 : Output.FAILED;
  }

  /** What is wrong with which of its files. */
  private static List<String> damaged(String folder, Manifest manifest) {
    ReleaseFiles files = new FlinkReleaseFiles();
    List<String> damaged = new ArrayList<>();
    for (String name : manifest.files().keySet()) {
      try {
        ReleaseReader.readFile(files, folder, manifest, name);
      } catch (InvalidReleaseException | IOException e) {
        damaged.add(ErrorLine.of(e));
      }
    }
    return damaged;
  }

  /**
   * Refuses a release that nothing could answer by.
   *
   * @throws IllegalStateException if one of its files is not what the manifest says
   */
  public static void requireWhole(StoredReleases stored, String release) {
    Manifest manifest = stored.manifest(release);
    List<String> damaged = damaged(stored.uri(release), manifest);
    if (!damaged.isEmpty()) {
      throw new IllegalStateException(
          "release %s of domain %s is damaged: %s"
              .formatted(release, manifest.domain(), damaged.get(0)));
    }
  }

  /** The parents up to the base; one that is not in the store ends it. */
  private static List<String> chain(StoredReleases stored, Manifest manifest) {
    List<String> chain = new ArrayList<>();
    Manifest at = manifest;
    while (at != null && at.parent() != null) {
      chain.add(at.parent());
      at = stored.byId().get(at.parent());
    }
    return chain;
  }

  private String signature(StoredReleases stored, String release) throws IOException {
    TrustedKeys keys = TrustedKeys.parse(trust);
    if (!Files.exists(stored.store().resolve(release).resolve(Manifest.SIGNATURE))) {
      return "none";
    }
    if (trust.isBlank()) {
      return "there is one; --trust KEY verifies it";
    }
    try {
      ReleaseReader.readManifest(keys.guard(new FlinkReleaseFiles()), stored.uri(release), release);
      return "by a trusted key";
    } catch (InvalidReleaseException e) {
      return "refused: " + e.getMessage();
    }
  }

  private String text(
      StoredReleases stored, String release, Manifest manifest, List<String> damaged)
      throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add("release    " + release);
    String tenant = manifest.tenant() == null ? "shared" : "of tenant " + manifest.tenant();
    lines.add("domain     " + manifest.domain() + ", " + tenant + ", batch " + manifest.batch());
    lines.add("base       " + manifest.base());
    if (manifest.isOfAlignment()) {
      lines.add("kind       alignment: where its pictures and sounds meet their captions");
    } else if (manifest.kind() == ReleaseEvent.Kind.BASE) {
      lines.add("kind       base: it takes the place of the one above");
    } else {
      lines.add("routing    " + routing(manifest.routing()));
    }
    List<String> chain = chain(stored, manifest);
    lines.add("parents    " + (chain.isEmpty() ? "none: trained from the base" : chain.size()));
    chain.forEach(parent -> lines.add("           " + parent));
    if (manifest.obeyed() != null) {
      lines.add("obeyed     " + manifest.obeyed());
    }
    long fresh = manifest.fresh().count();
    long replayed = manifest.learned().size() - fresh;
    lines.add("samples    " + fresh + " new, " + replayed + " again");
    ranges(manifest).forEach((partition, range) -> lines.add("           " + partition + range));
    lines.add(
        "learned to "
            + manifest.learnedTo().stream()
                .map(Origin::toString)
                .collect(Collectors.joining(", ")));
    lines.add("verdict");
    manifest.verdict().forEach(rule -> lines.add(VerdictsCommand.line(rule)));
    lines.add("signature  " + signature(stored, release));
    manifest
        .files()
        .forEach((name, file) -> lines.add("sha256     " + file.sha256() + "  " + name));
    damaged.forEach(file -> lines.add("damaged    " + file));
    return String.join("\n", lines);
  }

  private static String routing(Routing routing) {
    return routing.policy().equals(Routing.TOP_K)
        ? "top " + routing.topK()
        : "by %s, calibrated to %.1f %% of the experts"
            .formatted(routing.policy(), 100 * routing.share());
  }

  /** Per partition the offsets that the new samples lie between. */
  private static SortedMap<String, String> ranges(Manifest manifest) {
    SortedMap<String, LongSummaryStatistics> offsets = new TreeMap<>();
    manifest
        .fresh()
        .map(LearnedSample::origin)
        .forEach(
            origin ->
                offsets
                    .computeIfAbsent(
                        origin.topic() + "-" + origin.partition(),
                        partition -> new LongSummaryStatistics())
                    .accept(origin.offset()));
    SortedMap<String, String> ranges = new TreeMap<>();
    offsets.forEach(
        (partition, range) ->
            ranges.put(
                partition,
                " offsets %d to %d, %s"
                    .formatted(
                        range.getMin(),
                        range.getMax(),
                        Counted.of(range.getCount(), "sample", "samples"))));
    return ranges;
  }
}
