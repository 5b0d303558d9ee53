package dev.millrace.job;

import dev.millrace.adapter.publish.Draft;
import dev.millrace.adapter.publish.ReleaseStore;
import dev.millrace.adapter.publish.StoreFiles;
import dev.millrace.adapter.quantize.Quantizer;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.peft.Lora;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraPair;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.ReleaseFile;
import dev.millrace.model.release.Routing;
import dev.millrace.model.release.TrainingPlan;
import dev.millrace.schema.ReleaseEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Releases of the base that ships, with adapters that a seed draws. */
public record NanoReleases(Path store) {

  public static final Path NANO = Path.of(System.getProperty("millrace.root"), "models", "nano");

  private static final LoraConfig CONFIG = new LoraConfig(2, 2, false, List.of("q_proj", "v_proj"));

  /** A copy of the base with one in twelve of the texts by which others are judged: the same id. */
  public static Path copyWithFewTexts(Path folder) throws IOException {
    Files.createDirectories(folder);
    try (Stream<Path> files = Files.list(NANO)) {
      for (Path file : files.toList()) {
        Path copy = folder.resolve(file.getFileName());
        if (file.toString().endsWith(".jsonl")) {
          Files.write(copy, oneInTwelve(Files.readAllLines(file)));
        } else {
          Files.copy(file, copy);
        }
      }
    }
    return folder;
  }

  private static List<String> oneInTwelve(List<String> lines) {
    return IntStream.range(0, lines.size()).filter(i -> i % 12 == 0).mapToObj(lines::get).toList();
  }

  /** Publishes one; gives the event that makes it its domain's current one. */
  public ReleaseEvent publish(String domain, long seed) throws IOException {
    return publish(domain, seed, List.of());
  }

  /** The same of a tenant's. */
  public ReleaseEvent publish(String tenant, String domain, long seed) throws IOException {
    return publish(tenant, domain, seed, List.of());
  }

  /** The same of one that says what it learned. */
  public ReleaseEvent publish(String domain, long seed, List<LearnedSample> learned)
      throws IOException {
    return publish(null, domain, seed, learned);
  }

  private ReleaseEvent publish(
      @Nullable String tenant, String domain, long seed, List<LearnedSample> learned)
      throws IOException {
    try (BaseModel base = DjlModels.open(NANO, Precision.INT8)) {
      Draft draft = draft(base, tenant, domain, seed, learned);
      String uri = ReleaseStore.of(StoreFiles.in(store)).publish(draft);
      ReleaseEvent.Action any = ReleaseEvent.Action.ROLLBACK; // may take any other's place
      return draft.manifest().event(any, uri, "a test");
    }
  }

  static Draft draft(
      BaseModel base,
      @Nullable String tenant,
      String domain,
      long seed,
      List<LearnedSample> learned) {
    SortedMap<String, byte[]> files = Lora.KIND.toFiles(adapter(base, seed), "");
    Manifest manifest =
        new Manifest(
            tenant,
            domain,
            base.id(),
            ReleaseFile.of(files),
            "int8-row",
            Routing.topK(base.config().router().topK()),
            null,
            seed,
            learned,
            List.of(),
            new TrainingPlan(seed, new TreeMap<>(), 1, 1, "random", "none"),
            List.of(),
            null);
    return new Draft(manifest, files);
  }

  static AdapterWeights adapter(BaseModel base, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<LoraPair> pairs = new ArrayList<>();
    for (LoraPair pair : LoraWeights.initial(CONFIG, base.sites(), seed).pairs()) {
      float[] b = new float[pair.b().length];
      for (int i = 0; i < b.length; i++) {
        b[i] = (float) (0.05 * random.nextGaussian());
      }
      pairs.add(new LoraPair(pair.site(), pair.a(), b));
    }
    return Quantizer.quantize(new LoraWeights(CONFIG, pairs));
  }
}
