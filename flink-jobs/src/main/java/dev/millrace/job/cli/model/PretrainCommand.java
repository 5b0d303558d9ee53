package dev.millrace.job.cli.model;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.job.cli.options.BaseOption;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.corpus.Document;
import dev.millrace.job.corpus.PretrainCorpus;
import dev.millrace.job.corpus.TokenStream;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.djl.BaseTrainer;
import dev.millrace.model.ngram.ByteNgram;
import dev.millrace.model.pretrain.BpeTrainer;
import dev.millrace.model.pretrain.Pretraining;
import dev.millrace.model.release.BaseRelease;
import dev.millrace.model.score.HeldOut;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import dev.millrace.model.weights.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Pre-trains the base that ships, judges it against a byte 6-gram of the same bytes, and writes its
 * model card.
 */
@Command(
    name = "pretrain",
    description = "Pre-trains a base from the open corpora; resumes where it stopped.",
    footer = {
      "",
      "Examples:",
      "  ./millrace model pretrain --out models/nano --steps 1700",
      "  ./millrace model pretrain --from models/nano --experts 0,3,3,3,3,3,3,3 --out next",
      "  ./millrace model pretrain --out models/nano --judge-only --json"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class PretrainCommand implements Callable<Integer> {

  private static final String TOKENIZER_CONFIG = "tokenizer_config.json";
  private static final String END_OF_TEXT = "<|endoftext|>";
  private static final int VOCABULARY = 4096;
  private static final int LONGEST_TOKEN = 16;

  /** Windows of a micro-batch. */
  private static final int BATCH = 8;

  /** Added to the seed where training goes on, which then sees the corpora in another order. */
  private static final int OTHER_ORDER = 100;

  @Mixin private Output output;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Checkpoint folder (default: ${DEFAULT-VALUE}).")
  Path out = Path.of("models/nano");

  @Option(
      names = "--work",
      paramLabel = "DIR",
      description = "Folder of the state (default: ${DEFAULT-VALUE}).")
  Path work = Path.of(".millrace/pretrain");

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "Steps of 4,096 tokens (default: ${DEFAULT-VALUE}).")
  int steps = 1700;

  @Option(
      names = "--save-every",
      paramLabel = "N",
      description = "Steps between states (default: ${DEFAULT-VALUE}).")
  int saveEvery = 250;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Of weights and order (default: ${DEFAULT-VALUE}).")
  long seed = 1;

  @Option(
      names = "--from",
      paramLabel = "DIR",
      description = "Checkpoint folder to go on from, with an optimizer that remembers nothing.")
  @Nullable Path from;

  @Option(
      names = "--experts",
      split = ",",
      paramLabel = "N",
      description =
          "Mean experts a token that the router's entropy gives out in each of the eight windows of "
              + "a micro-batch, such as 0,3,3,3,3,3,4,4; 0 for the top k, as without the option.")
  List<Double> experts = Collections.nCopies(BATCH, 0.0);

  @Option(
      names = "--sharpness",
      paramLabel = "W",
      description =
          "Weight in the loss of the router's scores that no expert took (default: ${DEFAULT-VALUE}).")
  double sharpness;

  @Option(
      names = "--judge-only",
      description = "Trains and writes nothing; judges what is in --out.")
  boolean judgeOnly;

  /** OLMoE layout, 9.2 M parameters, 4 of 32 experts a token. */
  static MoeConfig nano() {
    return MoeConfig.olmoe(new MoeConfig.OlmoeShape(VOCABULARY, 192, 96, 4, 6, 32, 4, 512));
  }

  @Override
  public Integer call() throws IOException {
    if (judgeOnly && !Files.exists(out.resolve(Tokenizers.FILE))) {
      throw new IllegalArgumentException(
          "--out " + out + ", expected a checkpoint folder with a tokenizer.json");
    }
    requireUsable();
    HeldOut heldOut = new HeldOut("millrace-nano", 10);
    output.err().println("reading the corpora");
    List<Document> documents = PretrainCorpus.train(PretrainCorpus.NANO, heldOut, seed);
    Files.createDirectories(out);
    if (!judgeOnly) {
      writeTokenizer(documents);
    }
    try (Tokenizer tokenizer = Tokenizers.open(out)) {
      if (!judgeOnly) {
        train(documents, tokenizer);
      }
      HeldOutTexts texts = HeldOutTexts.of(heldOut, seed);
      output.err().println("training the byte 6-gram on the same bytes");
      ByteNgram ngram =
          ByteNgram.train(documents.stream().map(d -> d.text().getBytes(UTF_8)).toList());
      SortedMap<String, HeldOutTexts.Judged> judged = texts.judge(out, tokenizer, ngram);
      if (!judgeOnly) {
        texts.write(out);
        SortedMap<String, Long> bytes = new TreeMap<>();
        documents.forEach(d -> bytes.merge(d.domain(), (long) d.bytes(), Long::sum));
        PretrainCard card = new PretrainCard(history(out), steps, seed, bytes, judged);
        Files.writeString(out.resolve("README.md"), card.text());
      }
      output.result(judged, text(judged));
    }
    return 0;
  }

  /** What would show only when the corpora have been read. */
  private void requireUsable() {
    if (steps < 1 || saveEvery < 1) {
      throw new IllegalArgumentException(
          "--steps %d, --save-every %d, expected 1 or more".formatted(steps, saveEvery));
    }
    if (experts.size() != BATCH || experts.stream().anyMatch(mean -> !(mean >= 0))) {
      throw new IllegalArgumentException(
          "--experts is " + experts + ", expected " + BATCH + " numbers from 0 up");
    }
    if (!(sharpness >= 0)) {
      throw new IllegalArgumentException("--sharpness " + sharpness + ", expected 0 or more");
    }
    if (from != null) {
      BaseOption.require("--from", from);
    }
    if (!judgeOnly) {
      Output.requireFolder("--out", out);
      BaseOption.requireUntaught(out);
      Output.requireFolder("--work", work);
    }
  }

  /** That of the weights that training goes on from, or its own. */
  void writeTokenizer(List<Document> documents) throws IOException {
    Path file = out.resolve(Tokenizers.FILE);
    if (from != null) {
      for (String name : List.of(Tokenizers.FILE, TOKENIZER_CONFIG, BaseRelease.LEARNED)) {
        if (name.equals(Tokenizers.FILE) || Files.exists(from.resolve(name))) {
          Files.copy(from.resolve(name), out.resolve(name), StandardCopyOption.REPLACE_EXISTING);
        }
      }
    } else if (!Files.exists(file)) {
      output.err().println("training the tokenizer");
      new BpeTrainer(VOCABULARY, List.of(END_OF_TEXT), LONGEST_TOKEN)
          .train(documents.stream().map(Document::text).iterator())
          .write(file);
    }
  }

  private void train(List<Document> documents, Tokenizer tokenizer) throws IOException {
    output.err().println("encoding " + documents.size() + " documents");
    int[] stream =
        TokenStream.of(
            documents.stream().map(Document::text).toList(), tokenizer, nano(), Integer.MAX_VALUE);
    output.say("%,d tokens; %,d steps of 4,096", stream.length, steps);
    Path begin = from;
    Pretraining.Plan plan = plan(begin != null);
    Pretraining.Origin origin =
        begin == null
            ? Pretraining.Origin.NONE
            : new Pretraining.Origin(begin.toRealPath().toString(), history(begin));
    new Pretraining(nano(), plan, stream, work, origin)
        .run(
            () -> begin == null ? BaseTrainer.start(nano(), plan.seed()) : BaseTrainer.of(begin),
            saveEvery,
            out,
            p -> {
              if (p.step() % 10 == 0) {
                output.say(
                    "step %d/%d  loss %.3f  balance %.2f  rate %.5f  experts %.2f  %.0f tokens/s",
                    p.step(),
                    steps,
                    p.result().loss(),
                    p.result().balance(),
                    p.rate(),
                    Arrays.stream(p.result().experts()).average().orElseThrow(),
                    p.tokensPerSecond());
              }
            });
  }

  private Pretraining.Plan plan(boolean goesOn) {
    return new Pretraining.Plan(
        steps,
        BATCH,
        256,
        goesOn ? new Pretraining.Rates(1.5e-3, 50, 0) : new Pretraining.Rates(3e-3, 200, 0.8),
        new Pretraining.Experts(experts, sharpness),
        goesOn ? seed + OTHER_ORDER : seed);
  }

  private static Pretraining.History history(Path folder) throws IOException {
    try (Safetensors weights = Safetensors.open(folder.resolve("model.safetensors"))) {
      return Pretraining.History.of(weights.metadata());
    }
  }

  private static String text(SortedMap<String, HeldOutTexts.Judged> judged) {
    return judged.entrySet().stream()
        .map(
            of ->
                "%-12s fp32 %.3f  int8 %.3f  6-gram %.3f bits per byte on %,d bytes"
                    .formatted(
                        of.getKey(),
                        of.getValue().fp32(),
                        of.getValue().int8(),
                        of.getValue().ngram(),
                        of.getValue().bytes()))
        .collect(Collectors.joining("\n"));
  }
}
