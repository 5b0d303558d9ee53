package dev.millrace.job.cli.model;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.job.BaseTexts;
import dev.millrace.job.cli.options.BaseOption;
import dev.millrace.job.cli.options.Home;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.corpus.Document;
import dev.millrace.job.corpus.PretrainCorpus;
import dev.millrace.job.corpus.TokenStream;
import dev.millrace.job.loop.InputFile;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.distil.Beginning;
import dev.millrace.model.distil.Compressor;
import dev.millrace.model.distil.Distillation;
import dev.millrace.model.distil.Exam;
import dev.millrace.model.distil.Student;
import dev.millrace.model.distil.StudentShape;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.djl.StudentTrainer;
import dev.millrace.model.score.HeldOut;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import dev.millrace.model.weights.Checkpoint;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "compress",
    description = {
      "Teaches a student with far fewer parameters what a base says, rounding in training as the",
      "int8 that serves rounds; resumes where it stopped. The result is an OLMoE folder."
    },
    footer = {
      "",
      "Examples:",
      "  ./millrace model compress --teacher models/nano --factor 13.5 --out models/pico",
      "  ./millrace model compress --teacher models/nano --factor 8 --input mine.jsonl --out mine",
      "  ./millrace model check models/pico",
      "  ./millrace adapt --base models/pico --domain D --input mine.jsonl --report out"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class CompressCommand implements Callable<Integer> {

  @Mixin private Output output;

  @Option(
      names = "--teacher",
      paramLabel = "DIR",
      description = "The base that teaches (default: the one that ships).")
  private @Nullable Path teacher;

  @Option(
      names = "--adapter",
      paramLabel = "DIR",
      description = "A PEFT folder under which it teaches.")
  private @Nullable Path adapter;

  @Option(
      names = "--factor",
      paramLabel = "F",
      description =
          "How many times fewer parameters, embeddings included (default: ${DEFAULT-VALUE}).")
  private double factor = 13.5;

  @Option(names = "--out", paramLabel = "DIR", required = true, description = "Student's folder.")
  private Path out;

  @Option(
      names = "--input",
      paramLabel = "F.jsonl",
      description = "Lines {\"text\"} to learn from (default: what nano was trained on).")
  private @Nullable Path input;

  @Option(
      names = "--tokens",
      paramLabel = "N",
      description = "Use only the first tokens of the texts: the teacher is asked for fewer.")
  private int tokens = Integer.MAX_VALUE;

  @Option(
      names = "--steps",
      paramLabel = "N",
      description =
          "Steps of 4,096 tokens; a narrow part takes four of 1,024 for each (default: ${DEFAULT-VALUE}).")
  private int steps = 6_000;

  @Option(
      names = "--text",
      paramLabel = "W",
      description =
          "Weight of the text's own tokens, 0 to 1; the rest is the teacher's (default: ${DEFAULT-VALUE}).")
  private double text = 0.1;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      description = "That the logits of both are divided by (default: ${DEFAULT-VALUE}).")
  private double temperature = 1;

  @Option(
      names = "--hints",
      paramLabel = "W",
      description =
          "Weight of what the teacher has inside: its stream behind each layer, and its routers. For"
              + " a student that is cut out of a base without an adapter (default:"
              + " ${DEFAULT-VALUE}).")
  private double hints;

  @Option(
      names = "--likeliest",
      paramLabel = "K",
      description = "Tokens that the teacher names at each place (default: ${DEFAULT-VALUE}).")
  private int likeliest = 64;

  @Option(
      names = "--exact",
      description = "Train without rounding; the int8 that serves is rounded afterwards.")
  private boolean exact;

  @Option(
      names = "--work",
      paramLabel = "DIR",
      description = "Folder of states and of what teachers said (default: ${DEFAULT-VALUE}).")
  private Path work = Path.of(".millrace/compress");

  @Option(
      names = "--save-every",
      paramLabel = "N",
      description = "Steps between states (default: ${DEFAULT-VALUE}).")
  private int saveEvery = 250;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Of weights and order (default: ${DEFAULT-VALUE}).")
  private long seed = 1;

  @Override
  public Integer call() throws Exception {
    if (steps < 1 || likeliest < 1 || saveEvery < 1 || tokens < 1) {
      throw new IllegalArgumentException(
          "--steps %d, --likeliest %d, --save-every %d, --tokens %d, expected 1 or more"
              .formatted(steps, likeliest, saveEvery, tokens));
    }
    Output.requireFolder("--out", out);
    BaseOption.requireUntaught(out);
    Output.requireFolder("--work", work);
    if (adapter != null) {
      BaseOption.requireAdapter(adapter);
    }
    if (input != null) {
      Path unused = InputFile.readable(input);
    }
    var objective = new StudentTrainer.Objective(text, temperature, hints);
    Path folder = teacher == null ? Home.here().nano() : BaseOption.require("--teacher", teacher);
    if (Files.exists(out) && Files.isSameFile(out, folder)) {
      throw new IllegalArgumentException(
          "--out %s is the teacher's folder, expected another".formatted(out));
    }
    if (adapter != null) {
      ConsolidateCommand.requireOn(Checkpoint.idOf(folder), adapter);
    }
    Compressor compressor = new Compressor(folder, adapter, likeliest, work.resolve("targets"));
    Student student = compressor.student(factor);
    MoeConfig shape = student.shape();
    output.say(
        "student: %,d parameters of %,d; width %d, %d layers, %d experts of %d, %s",
        StudentShape.parameters(shape),
        StudentShape.parameters(folder),
        shape.hiddenSize(),
        shape.numHiddenLayers(),
        shape.router().numExperts(),
        shape.experts().intermediateSize(),
        student.begins() == Beginning.CUT
            ? "cut out of the teacher"
            : "drawn: too little of the teacher would be left, or it has another shape");
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      output.say("reading texts");
      int[] stream = TokenStream.of(texts(), tokenizer, shape, tokens);
      var plan = Distillation.Plan.of(steps, objective, !exact, student, seed);
      output.say("%,d tokens; %,d steps of %,d", stream.length, plan.steps(), plan.tokensAStep());
      compressor.run(
          shape,
          plan,
          stream,
          work.resolve(out.toAbsolutePath().getFileName()),
          out,
          saveEvery,
          new Progress(plan.steps()));
      judge(compressor, tokenizer);
    }
    return 0;
  }

  private List<String> texts() throws IOException {
    if (input == null) {
      HeldOut heldOut = new HeldOut("millrace-nano", 10);
      return PretrainCorpus.train(PretrainCorpus.NANO, heldOut, seed).stream()
          .map(Document::text)
          .toList();
    }
    List<String> texts = new ArrayList<>();
    try (BufferedReader reader = InputFile.open(input)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        JsonNode json = InputFile.json(line, texts.size() + 1, input).path("text");
        if (!json.isTextual()) {
          throw new IllegalArgumentException(
              "line %d of %s has no text, expected {\"text\": …}"
                  .formatted(texts.size() + 1, input));
        }
        texts.add(json.asText());
      }
    }
    return texts;
  }

  private final class Progress implements Distillation.Listener {

    private final int steps;

    Progress(int steps) {
      this.steps = steps;
    }

    @Override
    public void asked(long windows, long of) {
      if (windows % 256 == 0 || windows == of) {
        output.say("teacher: %,d of %,d windows", windows, of);
      }
    }

    @Override
    public void stepped(Distillation.Progress p) {
      if (p.step() % 20 == 0) {
        output.say(
            "step %d/%d  loss %.3f  divergence %.3f  %.0f tokens/s",
            p.step(), steps, p.result().loss(), p.result().divergence(), p.tokensPerSecond());
      }
    }
  }

  private void judge(Compressor compressor, Tokenizer tokenizer) throws IOException {
    Exam exam = BaseTexts.exam(compressor.teacher(), tokenizer);
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("teacherParameters", StudentShape.parameters(compressor.teacher()));
    json.put("studentParameters", StudentShape.parameters(out));
    StringBuilder lines = new StringBuilder();
    if (exam.texts().isEmpty()) {
      lines.append("no anchors.jsonl or protected.jsonl beside the teacher: not judged");
    } else {
      Exam.Marks teachers = marks(compressor.teacher(), compressor, exam);
      Exam.Marks students = marks(out, new Compressor(out, null, 1, work), exam);
      json.put("teacherAccuracy", teachers.accuracy());
      json.put("studentAccuracy", students.accuracy());
      json.put("accuracyKept", students.accuracy() / teachers.accuracy());
      json.put("teacherBitsPerByte", teachers.bitsPerByte());
      json.put("studentBitsPerByte", students.bitsPerByte());
      lines.append(
          "next token right: teacher %.2f %%, student %.2f %% (%.1f %% kept); bits per byte %.3f, %.3f"
              .formatted(
                  100 * teachers.accuracy(),
                  100 * students.accuracy(),
                  100 * students.accuracy() / teachers.accuracy(),
                  teachers.bitsPerByte(),
                  students.bitsPerByte()));
    }
    output.result(json, lines.toString());
  }

  private static Exam.Marks marks(Path folder, Compressor compressor, Exam exam)
      throws IOException {
    try (BaseModel model = DjlModels.open(folder, Precision.INT8);
        LoadedAdapter loaded = compressor.load(model)) {
      return exam.take(model, loaded);
    }
  }
}
