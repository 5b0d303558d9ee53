package dev.millrace.job.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.job.BaseTexts;
import dev.millrace.job.corpus.Chunks;
import dev.millrace.job.corpus.Document;
import dev.millrace.job.corpus.PretrainCorpus;
import dev.millrace.job.corpus.TokenStream;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.base.TokenScores;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.djl.BaseTrainer;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.ngram.ByteNgram;
import dev.millrace.model.pretrain.BpeTrainer;
import dev.millrace.model.pretrain.Pretraining;
import dev.millrace.model.score.HeldOut;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import dev.millrace.model.weights.Safetensors;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Pre-trains the base that ships, judges it against a byte 6-gram of the same bytes, and writes its
 * model card.
 */
@Command(
    name = "pretrain",
    description = "Pre-trains a base from the open corpora; resumes where it stopped.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Examples:",
      "  ./millrace model pretrain --out models/nano --steps 1700",
      "  ./millrace model pretrain --from models/nano --experts 0,3,3,3,3,3,3,3 --out next",
      "  ./millrace model pretrain --out models/nano --judge-only --json"
    })
public final class PretrainCommand implements Callable<Integer> {

  private static final String TOKENIZER = "tokenizer.json";
  private static final String TOKENIZER_CONFIG = "tokenizer_config.json";
  private static final String END_OF_TEXT = "<|endoftext|>";
  private static final int VOCABULARY = 4096;
  private static final int LONGEST_TOKEN = 16;
  private static final int CHUNK_BYTES = 600;
  private static final int ANCHORS = 80;
  private static final int JUDGED = 80;
  private static final int PROTECTED = 24;

  /** Windows of a micro-batch. */
  private static final int BATCH = 8;

  /** Added to the seed where training goes on, which then sees the corpora in another order. */
  private static final int OTHER_ORDER = 100;

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

  @Option(names = "--json", description = "Prints the figures as JSON on standard output.")
  boolean json;

  private final PrintStream progress = System.err;

  /** OLMoE layout, 9.2 M parameters, 4 of 32 experts a token. */
  static MoeConfig nano() {
    return MoeConfig.olmoe(new MoeConfig.OlmoeShape(VOCABULARY, 192, 96, 4, 6, 32, 4, 512));
  }

  /** Bits per byte on held-out text of one domain. */
  record Judged(double fp32, double int8, double ngram, long bytes) {}

  @Override
  public Integer call() throws IOException {
    if (judgeOnly && !Files.exists(out.resolve(TOKENIZER))) {
      throw new IllegalArgumentException(
          "--out " + out + ", expected a checkpoint folder with a tokenizer.json");
    }
    requireUsable();
    HeldOut heldOut = new HeldOut("millrace-nano", 10);
    progress.println("reading the corpora");
    List<Document> documents = PretrainCorpus.train(PretrainCorpus.NANO, heldOut, seed);
    Files.createDirectories(out);
    Path tokenizerJson = judgeOnly ? out.resolve(TOKENIZER) : tokenizer(documents);
    try (Tokenizer tokenizer = Tokenizers.open(tokenizerJson)) {
      if (!judgeOnly) {
        train(documents, tokenizer);
      }
      Map<String, List<String>> chunks = heldOutChunks(heldOut);
      Map<String, Judged> judged = judge(documents, chunks, tokenizer);
      if (!judgeOnly) {
        writeTexts(chunks);
        writeCard(documents, judged);
      }
      print(judged);
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
    Output.requireFolder("--out", out);
    Output.requireFolder("--work", work);
  }

  /** The file of the tokenizer: that of the weights that training goes on from, or its own. */
  Path tokenizer(List<Document> documents) throws IOException {
    Path file = out.resolve(TOKENIZER);
    if (from != null) {
      for (String name : List.of(TOKENIZER, TOKENIZER_CONFIG)) {
        if (name.equals(TOKENIZER) || Files.exists(from.resolve(name))) {
          Files.copy(from.resolve(name), out.resolve(name), StandardCopyOption.REPLACE_EXISTING);
        }
      }
    } else if (!Files.exists(file)) {
      progress.println("training the tokenizer");
      new BpeTrainer(VOCABULARY, List.of(END_OF_TEXT), LONGEST_TOKEN)
          .train(documents.stream().map(Document::text).iterator())
          .write(file);
    }
    return file;
  }

  private void train(List<Document> documents, Tokenizer tokenizer) throws IOException {
    progress.println("encoding " + documents.size() + " documents");
    int[] stream =
        TokenStream.of(
            documents.stream().map(Document::text).toList(), tokenizer, Integer.MAX_VALUE);
    progress.printf(Locale.ROOT, "%,d tokens; %,d steps of 4,096%n", stream.length, steps);
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
                progress.printf(
                    Locale.ROOT,
                    "step %d/%d  loss %.3f  balance %.2f  rate %.5f  experts %.2f  %.0f tokens/s%n",
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

  /**
   * One piece of each held-out document, shuffled, by domain; other languages than English are a
   * domain of their own.
   */
  private Map<String, List<String>> heldOutChunks(HeldOut heldOut) {
    Map<String, List<String>> chunks = new TreeMap<>();
    for (Document document : PretrainCorpus.heldOut(PretrainCorpus.NANO, heldOut)) {
      String domain =
          document.domain().equals("parliament") && !document.title().startsWith("en/")
              ? "languages"
              : document.domain();
      List<Document> pieces = Chunks.chunks(document, CHUNK_BYTES);
      chunks
          .computeIfAbsent(domain, d -> new ArrayList<>())
          .add(pieces.get(pieces.size() / 2).text());
    }
    chunks.values().forEach(list -> Collections.shuffle(list, new Random(seed)));
    return chunks;
  }

  private void writeTexts(Map<String, List<String>> chunks) throws IOException {
    List<String> anchors = new ArrayList<>();
    List<String> guarded = new ArrayList<>();
    for (Map.Entry<String, List<String>> domain : chunks.entrySet()) {
      anchors.addAll(lines(domain.getKey(), anchors(domain.getValue())));
      guarded.addAll(lines(domain.getKey(), first(judged(domain.getValue()), PROTECTED)));
    }
    Files.write(out.resolve(BaseTexts.ANCHORS), anchors);
    Files.write(out.resolve(BaseTexts.PROTECTED), guarded);
  }

  /** At most half of a domain's held-out texts. */
  private static List<String> anchors(List<String> texts) {
    return first(texts.subList(0, texts.size() / 2), ANCHORS);
  }

  private static List<String> judged(List<String> texts) {
    return first(texts.subList(texts.size() / 2, texts.size()), JUDGED);
  }

  private static List<String> first(List<String> texts, int n) {
    return texts.subList(0, Math.min(n, texts.size()));
  }

  private static List<String> lines(String domain, List<String> texts) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    List<String> lines = new ArrayList<>();
    for (String text : texts) {
      lines.add(
          mapper.writeValueAsString(
              mapper.createObjectNode().put("domain", domain).put("text", text)));
    }
    return lines;
  }

  private Map<String, Judged> judge(
      List<Document> documents, Map<String, List<String>> chunks, Tokenizer tokenizer)
      throws IOException {
    progress.println("training the byte 6-gram on the same bytes");
    ByteNgram ngram =
        ByteNgram.train(documents.stream().map(d -> d.text().getBytes(UTF_8)).toList());
    Map<String, Judged> judged = new TreeMap<>();
    try (BaseModel fp32 = DjlModels.open(out, Precision.FLOAT32);
        BaseModel int8 = DjlModels.open(out, Precision.INT8)) {
      chunks.forEach(
          (domain, texts) ->
              judged.put(domain, judge(judged(texts), tokenizer, fp32, int8, ngram)));
    }
    return judged;
  }

  /** Bits of all tokens but the first, over all bytes; each text on its own. */
  private static Judged judge(
      List<String> texts, Tokenizer tokenizer, BaseModel fp32, BaseModel int8, ByteNgram ngram) {
    double[] bits = new double[3];
    long bytes = 0;
    for (String text : texts) {
      int[] tokens = tokenizer.encode(text);
      if (tokens.length < 2 || tokens.length > BaseTexts.MAX_TOKENS) {
        continue;
      }
      byte[] utf8 = text.getBytes(UTF_8);
      bytes += utf8.length;
      bits[0] += bits(fp32, tokens);
      bits[1] += bits(int8, tokens);
      bits[2] += ngram.bits(utf8, firstTokenBytes(tokenizer, tokens, utf8));
    }
    return new Judged(bits[0] / bytes, bits[1] / bytes, bits[2] / bytes, bytes);
  }

  private static double bits(BaseModel model, int[] tokens) {
    TokenScores scores = model.score(List.of(new Sequence(tokens, model.noAdapter()))).get(0);
    return -scores.logProb() / Math.log(2);
  }

  /**
   * The bytes of the first token; where it ends inside a character, the character is the n-gram's
   * to predict.
   */
  private static int firstTokenBytes(Tokenizer tokenizer, int[] tokens, byte[] utf8) {
    byte[] rest = tokenizer.decode(Arrays.copyOfRange(tokens, 1, tokens.length)).getBytes(UTF_8);
    return Math.max(0, utf8.length - rest.length);
  }

  private void writeCard(List<Document> documents, Map<String, Judged> judged) throws IOException {
    Map<String, Long> bytes = new TreeMap<>();
    documents.forEach(d -> bytes.merge(d.domain(), (long) d.bytes(), Long::sum));
    StringBuilder card = new StringBuilder();
    Pretraining.History history = history(out);
    int seen = history.steps() == 0 ? steps : history.steps();
    card.append("# nano\n\n")
        .append(
            "The base that ships with Millrace: OLMoE layout, 4 layers, width 192, 32 experts of"
                + " 96, ")
        .append("4 active a token (12.5 %), 4,096 byte-level BPE tokens, 512 positions.\n\n")
        .append("Made by ")
        .append(
            history.legs().stream()
                .map(leg -> "`./millrace model pretrain --steps " + leg + " --seed " + seed + "`")
                .collect(Collectors.joining(", then, from its state, ")))
        .append(": AdamW (0.9, 0.95), rate 3e-3 after 200 steps of warmup, linear decay to a ")
        .append(
            "tenth over the last fifth of the steps of each, weight decay 0.1, gradient norm"
                + " clipped at 1, load balance 0.01, ")
        .append("windows of 256 tokens, 4,096 tokens a step.\n\n")
        .append(entropy(history))
        .append(
            String.format(
                Locale.ROOT,
                "Tokens seen: %,d. Time: %.0f minutes on %d cores.\n\n",
                seen * 4096L,
                history.seconds() / 60,
                Runtime.getRuntime().availableProcessors()))
        .append("| data | UTF-8 bytes in one pass |\n|---|---|\n");
    bytes.forEach((d, n) -> card.append(String.format(Locale.ROOT, "| %s | %,d |\n", d, n)));
    card.append(
            "\n"
                + "Bits per byte on held-out documents (a tenth, by hash), each piece on its own;"
                + " the 6-gram ")
        .append("(Witten-Bell) was trained on the same bytes:\n\n")
        .append(
            "| domain | fp32 | int8 as served | byte 6-gram | bytes |\n|---|---|---|---|---|\n");
    judged.forEach(
        (domain, j) ->
            card.append(
                String.format(
                    Locale.ROOT,
                    "| %s | %.3f | %.3f | %.3f | %,d |\n",
                    domain,
                    j.fp32,
                    j.int8,
                    j.ngram,
                    j.bytes)));
    card.append(
            "\n"
                + "`anchors.jsonl` is trained beside every adapter's batch, `protected.jsonl`"
                + " judges every candidate; ")
        .append(
            "they share no document with each other or with the training data. Licences:"
                + " NOTICE.\n");
    Files.writeString(out.resolve("README.md"), card);
  }

  private String entropy(Pretraining.History history) {
    return history.entropyLegs().isEmpty()
        ? ""
        : "Then, with as many experts as the entropy of the router says, in another order, rate 1.5e-3 after 50 steps and falling linearly to a tenth, "
            + history.entropyLegs().stream().map(this::leg).collect(Collectors.joining(", "))
            + ".\n\n";
  }

  private String leg(Pretraining.Leg leg) {
    String means =
        leg.experts().means().stream()
            .map(
                mean -> mean == Math.rint(mean) ? Long.toString(Math.round(mean)) : mean.toString())
            .collect(Collectors.joining(","));
    return "from step %d on `./millrace model pretrain --from models/nano --experts %s --sharpness %s --steps %d --seed %d`"
        .formatted(leg.from(), means, leg.experts().sharpness(), leg.planned(), seed);
  }

  private static Pretraining.History history(Path folder) throws IOException {
    try (Safetensors weights = Safetensors.open(folder.resolve("model.safetensors"))) {
      return Pretraining.History.of(weights.metadata());
    }
  }

  private void print(Map<String, Judged> judged) throws IOException {
    judged.forEach(
        (domain, j) ->
            progress.printf(
                Locale.ROOT,
                "%-12s fp32 %.3f  int8 %.3f  6-gram %.3f bits per byte on %,d bytes%n",
                domain,
                j.fp32,
                j.int8,
                j.ngram,
                j.bytes));
    if (json) {
      System.out.println(new ObjectMapper().writeValueAsString(judged));
    }
  }
}
