package dev.millrace.job;

import dev.millrace.model.kinds.AdapterFolder;
import dev.millrace.model.release.BaseRelease;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.ReleaseFile;
import dev.millrace.model.release.Routing;
import dev.millrace.model.release.TrainingPlan;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.RuleResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Manifests that are plain wherever a test does not look. */
public final class Manifests {

  private Manifests() {}

  /** Of an adapter of a shared domain, whose files are empty. */
  public static Manifest of(
      String domain, @Nullable String parent, long batch, LearnedSample... learned) {
    ReleaseFile none = ReleaseFile.of(new byte[0]);
    var files = new TreeMap<>(Map.of(AdapterFolder.CONFIG, none, AdapterFolder.WEIGHTS, none));
    return of(null, domain, Kind.ADAPTER, "base", files, parent, batch, learned);
  }

  /** Puts one into a store whose releases' files nobody reads; gives its folder there. */
  public static Path store(Path store, Manifest manifest) throws IOException {
    Path folder = Files.createDirectories(store.resolve(manifest.id()));
    return Files.write(folder.resolve(Manifest.FILE), manifest.toBytes()).getParent();
  }

  public static Manifest of(
      @Nullable String tenant,
      String domain,
      Kind kind,
      String base,
      SortedMap<String, ReleaseFile> files,
      @Nullable String parent,
      long batch,
      LearnedSample... learned) {
    TrainingPlan plan = new TrainingPlan(1, new TreeMap<>(), 1, 1, "test", "none");
    return of(tenant, domain, kind, base, files, parent, batch, List.of(learned), plan);
  }

  /** The same with another verdict. */
  public static Manifest judged(Manifest of, List<RuleResult> verdict) {
    return new Manifest(
        of.tenant(),
        of.domain(),
        of.base(),
        of.files(),
        of.quantization(),
        of.routing(),
        of.parent(),
        of.batch(),
        of.learned(),
        of.learnedTo(),
        of.plan(),
        verdict,
        of.obeyed(),
        of.kind());
  }

  /** Of a base that takes another's place. */
  public static Manifest ofBase(
      String before, String next, SortedMap<String, ReleaseFile> files, long batch) {
    TrainingPlan plan = BaseRelease.plan(next);
    return of(null, BaseRelease.DOMAIN, Kind.BASE, before, files, null, batch, List.of(), plan);
  }

  public static Manifest of(
      @Nullable String tenant,
      String domain,
      Kind kind,
      String base,
      SortedMap<String, ReleaseFile> files,
      @Nullable String parent,
      long batch,
      List<LearnedSample> learned,
      TrainingPlan plan) {
    return new Manifest(
        tenant,
        domain,
        base,
        files,
        "int8-row",
        Routing.topK(1),
        parent,
        batch,
        learned,
        List.of(),
        plan,
        List.of(),
        null,
        kind);
  }
}
