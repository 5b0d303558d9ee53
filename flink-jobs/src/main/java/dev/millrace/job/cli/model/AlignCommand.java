package dev.millrace.job.cli.model;

import dev.millrace.job.AlignPairs;
import dev.millrace.job.cli.options.BaseOption;
import dev.millrace.job.cli.options.Home;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.corpus.Pair;
import dev.millrace.job.corpus.Pairs;
import dev.millrace.model.align.AlignConfig;
import dev.millrace.model.align.AlignExam;
import dev.millrace.model.align.AlignWeights;
import dev.millrace.model.align.AlignedPair;
import dev.millrace.model.align.Aligner;
import dev.millrace.model.align.Captioned;
import dev.millrace.model.align.KnownPairs;
import dev.millrace.model.align.Places;
import dev.millrace.model.align.PrefixWeights;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.djl.DjlAligner;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.pretrain.Alignment;
import dev.millrace.model.pretrain.PrefixAlignment;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import dev.millrace.schema.Modality;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "align",
    description = {
      "Trains small encoders that bring text, code, pictures and sounds into one space, on open",
      "pairs (icon and name, speech and transcript, method and Javadoc), then what makes prefixes of",
      "the base from pictures and sounds, and examines the encoders on pairs that they were not",
      "trained on."
    },
    footer = {
      "",
      "Examples:",
      "  ./millrace model align",
      "  ./millrace model align --out /tmp/align --steps 200 --seed 7",
      "  ./millrace model align --keep-encoders --prefix-steps 1000",
      "  ./millrace model align --installed --out /tmp/align"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class AlignCommand implements Callable<Integer> {

  private static final int SAY_EVERY = 50;

  /** Pairs of a kind that adapters of the encoders' space are held by: half anchor, half judge. */
  private static final int KNOWN = 256;

  @Mixin private Output output;
  @Mixin private BaseOption base;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Where the encoders go (default: models/align).")
  private Path out = Home.here().align();

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "Steps of 128 pairs of each kind (default: ${DEFAULT-VALUE}).")
  private int steps = 1_500;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Seed of every draw (default: ${DEFAULT-VALUE}).")
  private long seed = 1;

  @Option(
      names = "--prefix-steps",
      paramLabel = "N",
      description =
          "Steps of 64 captions behind their pictures, and as many behind their sounds (default:"
              + " ${DEFAULT-VALUE}).")
  private int prefixSteps = 300;

  @Option(
      names = "--keep-encoders",
      description = "Trains prefixes beside the encoders that are in DIR already.")
  private boolean keepEncoders;

  @Option(
      names = "--known-only",
      description =
          "Trains nothing: notes beside the encoders in DIR where they see pairs that they know, which "
              + "alignments that are learned in the stream must not spoil.")
  private boolean knownOnly;

  @Option(
      names = "--installed",
      description =
          "Also learns from Debian's packages of stamps and recordings, where they are installed "
              + "(docs/install-full.sh).")
  private boolean installed;

  /** In the order of their names. */
  private SortedSet<String> kinds() {
    SortedSet<String> kinds = new TreeSet<>(Pairs.kinds());
    if (installed) {
      kinds.addAll(Pairs.installed());
    }
    return kinds;
  }

  @Override
  public Integer call() throws Exception {
    if (steps < 1) {
      throw new IllegalArgumentException("--steps " + steps + ", expected 1 or more");
    }
    if (prefixSteps < 1) {
      throw new IllegalArgumentException("--prefix-steps " + prefixSteps + ", expected 1 or more");
    }
    Output.requireFolder("--out", out);
    if ((keepEncoders || knownOnly) && !Files.isRegularFile(out.resolve("config.json"))) {
      throw new IllegalArgumentException("--out " + out + ", expected a folder of encoders");
    }
    long start = System.nanoTime();
    Path folder = base.folder();
    try (BaseModel model = DjlModels.open(folder, Precision.INT8);
        Tokenizer tokenizer = Tokenizers.open(folder)) {
      AlignPairs pairs = new AlignPairs(model, tokenizer);
      if (knownOnly) {
        SortedMap<String, AlignExam> exams = examined(pairs);
        output.result(exams, "known pairs noted beside the encoders in " + out);
        return 0;
      }
      SortedMap<String, Read> taught = read(pairs, false);
      AlignWeights encoders = encoders(model, taught);
      PrefixWeights prefixes =
          PrefixAlignment.train(
              model,
              encoders,
              captioned(pairs, taught, Modality.IMAGE),
              captioned(pairs, taught, Modality.AUDIO),
              prefixSteps,
              seed,
              this::say);
      prefixes.write(out);
      SortedMap<String, AlignExam> exams = examined(pairs);
      double minutes = (System.nanoTime() - start) / 60e9;
      SortedMap<String, Integer> counts = new TreeMap<>();
      taught.forEach((kind, some) -> counts.put(kind, some.pairs().size()));
      String card =
          new AlignCard(encoders.config(), prefixes, prefixSteps, counts, exams, minutes).text();
      Files.writeString(out.resolve("README.md"), card);
      output.result(exams, card);
    }
    return 0;
  }

  /** Pairs of a kind, and the same as encoders take them. */
  private record Read(List<Pair> pairs, List<AlignedPair> aligned) {}

  private AlignWeights encoders(BaseModel model, SortedMap<String, Read> taught)
      throws IOException {
    if (keepEncoders) {
      AlignWeights kept = AlignWeights.read(out);
      if (!kept.config().base().equals(model.id())) {
        throw new IllegalArgumentException(
            "encoders at %s are of base %s, expected %s"
                .formatted(out, kept.config().base(), model.id()));
      }
      return kept;
    }
    AlignConfig config = new AlignConfig(model.id(), model.config().hiddenSize(), steps, seed);
    SortedMap<String, List<AlignedPair>> kinds = new TreeMap<>();
    taught.forEach((kind, read) -> kinds.put(kind, read.aligned()));
    Alignment.train(config, kinds, this::say).write(out);
    return AlignWeights.read(out); // as bf16, which prefixes are trained on
  }

  /** Examines the encoders, and notes beside them where they see pairs that they know. */
  private SortedMap<String, AlignExam> examined(AlignPairs pairs) throws IOException {
    SortedMap<String, AlignExam> exams = new TreeMap<>();
    SortedMap<String, List<Places>> known = new TreeMap<>();
    try (Aligner aligner = DjlAligner.open(out)) {
      read(pairs, true)
          .forEach(
              (kind, held) -> {
                exams.put(kind, AlignExam.of(aligner, held.aligned()));
                if (held.pairs().get(0).modality().isMedia()) {
                  known.put(kind, known(aligner, held.aligned()));
                }
              });
    }
    new KnownPairs(AlignWeights.id(out), known).write(out);
    return exams;
  }

  /** Some of them, spread evenly, each with a caption of its own. */
  private static List<Places> known(Aligner aligner, List<AlignedPair> pairs) {
    Set<Integer> captions = new HashSet<>();
    List<AlignedPair> different =
        pairs.stream().filter(pair -> captions.add(pair.group())).toList();
    List<Places> known = new ArrayList<>();
    int n = Math.min(KNOWN, different.size());
    for (int i = 0; i < n; i++) {
      AlignedPair pair = different.get((int) ((long) i * different.size() / n));
      known.add(new Places(aligner.embed(pair.left()), aligner.embed(pair.right())));
    }
    return known;
  }

  private SortedMap<String, Read> read(AlignPairs pairs, boolean heldOut) {
    SortedMap<String, Read> read = new TreeMap<>();
    for (String kind : kinds()) {
      List<Pair> some = AlignPairs.load(kind, heldOut);
      output.say("%d pairs of %s", some.size(), kind);
      read.put(kind, new Read(some, pairs.aligned(some, this::line)));
    }
    return read;
  }

  private static List<Captioned> captioned(
      AlignPairs pairs, SortedMap<String, Read> read, Modality modality) {
    return read.values().stream()
        .filter(kind -> kind.pairs().get(0).modality() == modality)
        .flatMap(kind -> pairs.captioned(kind.pairs(), kind.aligned()).stream())
        .toList();
  }

  private void line(String line) {
    output.err().println(line);
  }

  private void say(int step, double[] losses) {
    if (step % SAY_EVERY == 0 || step == steps) {
      StringBuilder line = new StringBuilder("step " + step + " of " + steps + ", loss");
      List<String> kinds = List.copyOf(kinds());
      for (int i = 0; i < losses.length; i++) {
        line.append(" %s %.3f".formatted(kinds.get(i), losses[i]));
      }
      line(line.toString());
    }
  }

  /** Both kinds of media learn at once, each on its own thread. */
  private synchronized void say(boolean pictures, int step, double loss) {
    if (step % SAY_EVERY == 0 || step == prefixSteps) {
      line(
          "prefixes of %s: step %d of %d, loss %.3f"
              .formatted(pictures ? "pictures" : "sounds", step, prefixSteps, loss));
    }
  }
}
