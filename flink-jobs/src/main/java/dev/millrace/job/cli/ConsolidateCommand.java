package dev.millrace.job.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.adapter.gate.GateConfig;
import dev.millrace.job.BaseTexts;
import dev.millrace.job.loop.UserMaterial;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.distil.Consolidation;
import dev.millrace.model.distil.Exam;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.djl.StudentTrainer;
import dev.millrace.model.release.BaseRelease;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import dev.millrace.model.weights.Digest;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Sample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "consolidate",
    description = {
      "Folds adapters into their base: a new base learns, on each domain's texts, what the old one",
      "says there under its adapter. It is written only if no domain and no protected text is worse",
      "for it than the bounds; a tenth of the documents judges and teaches nothing."
    },
    footer = {
      "",
      "Example:",
      "  ./millrace model consolidate --adapter cloud=store/RELEASE --input cloud=cloud.jsonl --out models/next",
      "  ./millrace releases base models/next       (running serve jobs go over to it)"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ConsolidateCommand implements Callable<Integer> {

  private static final String PROTECTED = "protected";

  @Mixin private Output output;

  @Option(
      names = "--base",
      paramLabel = "DIR",
      description = "The base that the adapters are of (default: the one that ships).")
  private @Nullable Path base;

  @Option(
      names = "--adapter",
      paramLabel = "DOMAIN=DIR",
      required = true,
      description = "A domain's PEFT folder, such as that of its release.")
  private Map<String, Path> adapters = new TreeMap<>();

  @Option(
      names = "--input",
      paramLabel = "DOMAIN=F.jsonl",
      required = true,
      description = "A domain's lines {\"id\",\"text\",\"document\"?}; each adapter needs some.")
  private Map<String, Path> inputs = new TreeMap<>();

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "Folder of the new base; must not be there.")
  private Path out;

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "Steps of 16 texts (default: ${DEFAULT-VALUE}).")
  private int steps = 400;

  @Option(
      names = "--rate",
      paramLabel = "R",
      description = "Peak of the learning rate (default: ${DEFAULT-VALUE}).")
  private double rate = 3e-4;

  @Option(
      names = "--bound",
      paramLabel = "SHARE",
      description =
          "By how much a domain's bits per byte may be higher than under its adapter (default: ${DEFAULT-VALUE}).")
  private double bound = 0.01;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Of the order (default: ${DEFAULT-VALUE}).")
  private long seed = 1;

  /** What a domain teaches, and what judges it. */
  private record Material(List<int[]> texts, Exam exam) {}

  @Override
  public Integer call() throws Exception {
    Path folder = base == null ? Home.here().nano() : base;
    if (Files.exists(out)) {
      throw new IllegalArgumentException(out + " is there, expected a folder that is not");
    }
    if (!inputs.keySet().equals(adapters.keySet())) {
      throw new IllegalArgumentException(
          "lines for %s, expected them for %s".formatted(inputs.keySet(), adapters.keySet()));
    }
    Path next = out.resolveSibling(out.getFileName() + ".next");
    List<Consolidation.Outcome> outcomes;
    try (Tokenizer tokenizer = Tokenizers.open(folder.resolve("tokenizer.json"))) {
      Exam guarded = guarded(folder, tokenizer);
      Map<String, Material> materials = new TreeMap<>();
      for (Map.Entry<String, Path> input : inputs.entrySet()) {
        materials.put(input.getKey(), material(input.getKey(), input.getValue(), tokenizer));
      }
      List<Consolidation.Domain> domains = new ArrayList<>();
      materials.forEach(
          (name, of) ->
              domains.add(new Consolidation.Domain(name, adapters.get(name), of.texts())));
      domains.add(new Consolidation.Domain("", null, BaseTexts.anchors(folder, tokenizer)));
      new Consolidation(folder, domains, plan()).run(next, this::stepped);
      outcomes = judge(folder, next, materials);
      outcomes.add(Consolidation.judge(folder, next, PROTECTED, null, guarded));
    }
    List<String> against = against(outcomes);
    if (against.isEmpty()) {
      BaseRelease.note(next, taught(folder, outcomes));
      Files.move(next, out);
    } else {
      delete(next);
    }
    output.result(json(outcomes, against.isEmpty()), lines(outcomes, against));
    return against.isEmpty() ? 0 : Main.FAILED;
  }

  private Consolidation.Plan plan() {
    return new Consolidation.Plan(steps, 8, rate, 16, new StudentTrainer.Objective(0, 1), seed);
  }

  private Material material(String domain, Path file, Tokenizer tokenizer) throws IOException {
    output.err().println("reading " + file);
    UserMaterial.Lines lines = UserMaterial.lines(file, domain);
    AdaptCommand.show(lines.refused(), output.err());
    List<Sample> samples = lines.samples();
    Set<String> judges = judges(domain, samples);
    List<int[]> texts = new ArrayList<>();
    List<Exam.Text> judging = new ArrayList<>();
    for (Sample sample : samples) {
      String text = sample.teaches();
      int[] tokens = tokenizer.encode(text);
      if (tokens.length < 2 || tokens.length > BaseTexts.MAX_TOKENS) {
        continue;
      }
      if (judges.contains(sample.document())) {
        judging.add(new Exam.Text(domain, tokens, text.getBytes(UTF_8).length));
      } else {
        texts.add(tokens);
      }
    }
    output
        .err()
        .printf(
            "%s: of %d texts %d teach and %d judge; the others have not 2 to %d tokens%n",
            domain, samples.size(), texts.size(), judging.size(), BaseTexts.MAX_TOKENS);
    if (texts.isEmpty() || judging.isEmpty()) {
      throw new IllegalArgumentException(
          "%s: %d texts of up to %d tokens to learn from and %d of held-out documents, expected some of both"
              .formatted(file, texts.size(), BaseTexts.MAX_TOKENS, judging.size()));
    }
    return new Material(texts, new Exam(judging));
  }

  /**
   * A tenth of the documents, one at least, by their digests: other ones than learn holds out, of
   * which none is among what taught a release.
   */
  private static Set<String> judges(String domain, List<Sample> samples) {
    List<String> documents =
        samples.stream()
            .map(Sample::document)
            .distinct()
            .sorted(
                Comparator.comparing(
                    document -> Digest.sha256((domain + "|" + document).getBytes(UTF_8))))
            .toList();
    return Set.copyOf(documents.subList(0, Math.min(documents.size(), 1 + documents.size() / 10)));
  }

  private List<Consolidation.Outcome> judge(Path folder, Path next, Map<String, Material> materials)
      throws IOException {
    List<Consolidation.Outcome> outcomes = new ArrayList<>();
    for (Map.Entry<String, Material> domain : materials.entrySet()) {
      String name = domain.getKey();
      Exam exam = domain.getValue().exam();
      outcomes.add(Consolidation.judge(folder, next, name, adapters.get(name), exam));
    }
    return outcomes;
  }

  /** Asked before anything is trained: nothing is written that was not judged by it. */
  private static Exam guarded(Path folder, Tokenizer tokenizer) throws IOException {
    Exam guarded = BaseTexts.exam(folder, BaseTexts.PROTECTED, tokenizer);
    if (guarded.texts().isEmpty()) {
      throw new IllegalArgumentException(
          "base %s has no protected text of 2 to %d tokens, expected some; ./millrace model protect %s writes them"
              .formatted(folder, BaseTexts.MAX_TOKENS, folder));
    }
    return guarded;
  }

  /** The releases among the adapters: serving goes over to the new base with them. */
  private Map<String, BaseRelease.Taught> taught(Path folder, List<Consolidation.Outcome> outcomes)
      throws IOException {
    String id;
    try (BaseModel model = DjlModels.open(folder, Precision.INT8)) {
      id = model.id();
    }
    Map<String, BaseRelease.Taught> taught = new TreeMap<>();
    for (Consolidation.Outcome outcome : outcomes) {
      Path adapter = adapters.get(outcome.domain());
      if (adapter == null) {
        continue;
      }
      String release = release(adapter, outcome.domain(), id);
      if (release == null) {
        output
            .err()
            .println(
                adapter
                    + " is no release of domain "
                    + outcome.domain()
                    + " on this base: nothing goes over with the new one");
      } else {
        taught.put(
            outcome.domain(), new BaseRelease.Taught(release, outcome.before(), outcome.after()));
      }
    }
    return taught;
  }

  private static @Nullable String release(Path adapter, String domain, String base)
      throws IOException {
    Path file = adapter.resolve(Manifest.FILE);
    if (!Files.exists(file)) {
      return null;
    }
    Manifest manifest = Manifest.parse(Files.readAllBytes(file));
    boolean shared = manifest.tenant() == null && manifest.kind() == ReleaseEvent.Kind.ADAPTER;
    return shared && manifest.domain().equals(domain) && manifest.base().equals(base)
        ? manifest.id()
        : null;
  }

  /** A new base is bound as a candidate of the gate is, by what is protected. */
  private List<String> against(List<Consolidation.Outcome> outcomes) {
    double guard = GateConfig.defaults().protectedBound();
    List<String> against = new ArrayList<>();
    for (Consolidation.Outcome outcome : outcomes) {
      double most = outcome.domain().equals(PROTECTED) ? guard : bound;
      if (!(outcome.rise() <= most)) {
        against.add(
            String.format(
                Locale.ROOT,
                "%s needs %.2f %% more bits per byte, expected at most %.2f %%",
                outcome.domain(),
                100 * outcome.rise(),
                100 * most));
      }
    }
    return against;
  }

  private static Map<String, Object> json(List<Consolidation.Outcome> outcomes, boolean accepted) {
    Map<String, Object> domains = new LinkedHashMap<>();
    for (Consolidation.Outcome outcome : outcomes) {
      domains.put(
          outcome.domain(),
          Map.of(
              "bitsPerByteBefore", outcome.before(),
              "bitsPerByteAfter", outcome.after()));
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("accepted", accepted);
    json.put("domains", domains);
    return json;
  }

  private String lines(List<Consolidation.Outcome> outcomes, List<String> against) {
    StringBuilder lines = new StringBuilder();
    for (Consolidation.Outcome outcome : outcomes) {
      lines.append(
          String.format(
              Locale.ROOT,
              "%s: bits per byte %.4f before, %.4f on the new base alone%n",
              outcome.domain(),
              outcome.before(),
              outcome.after()));
    }
    return lines
        .append(against.isEmpty() ? "written to " + out : "refused: " + String.join("; ", against))
        .toString();
  }

  private static void delete(Path folder) throws IOException {
    List<Path> files;
    try (Stream<Path> listed = Files.list(folder)) {
      files = listed.toList();
    }
    for (Path file : files) {
      Files.delete(file);
    }
    Files.delete(folder);
  }

  private void stepped(int step, StudentTrainer.Step result) {
    if (step % 20 == 0 || step == steps) {
      output
          .err()
          .println(
              String.format(
                  Locale.ROOT, "step %d/%d  divergence %.4f", step, steps, result.divergence()));
    }
  }
}
