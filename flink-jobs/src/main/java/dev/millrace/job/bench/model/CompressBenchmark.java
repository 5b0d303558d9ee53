package dev.millrace.job.bench.model;

import dev.millrace.job.BaseTexts;
import dev.millrace.job.bench.measure.Benchmark;
import dev.millrace.job.bench.measure.Contestant;
import dev.millrace.job.bench.measure.Race;
import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.bench.measure.Table;
import dev.millrace.job.corpus.Document;
import dev.millrace.job.corpus.PretrainCorpus;
import dev.millrace.job.corpus.TokenStream;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.config.MoeConfigs;
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
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * Students of nano, by how many times fewer parameters they have and by how they came about.
 * Students that are half done when it is stopped go on where they were when it is run again, and
 * those that are done are examined again.
 */
public final class CompressBenchmark implements Benchmark {

  private static final int LIKELIEST = 64;
  private static final int SAVE_EVERY = 50;
  private static final int TIMED = 16;

  private static final Path WORK = Path.of(".millrace", "compress");

  /**
   * How a student comes about.
   *
   * @param text weight of the text's own tokens; the rest is the teacher's
   * @param asServed whether it trains with products that are rounded as in serving
   * @param inherits whether it begins with weights of the teacher
   */
  private record Way(String title, double text, boolean asServed, boolean inherits) {
    Distillation.Plan plan(Setting setting, Student student) {
      return Distillation.Plan.of(
          setting.steps(),
          new StudentTrainer.Objective(text, 1),
          asServed,
          inherits ? student : new Student(student.shape(), Beginning.DRAWN),
          setting.seed());
    }
  }

  private static final List<Way> WAYS =
      List.of(
          new Way("distilled, trained as int8", 0.1, true, true),
          new Way("distilled, rounded afterwards", 0.1, false, true),
          new Way("text alone, trained as int8", 1, true, true),
          new Way("from scratch, rounded afterwards", 1, false, false));

  @Override
  public List<Table> run(Setting setting) throws Exception {
    Path nano = setting.nano();
    Compressor compressor = new Compressor(nano, null, LIKELIEST, WORK.resolve("targets"));
    Map<String, Path> folders = new LinkedHashMap<>();
    folders.put("teacher", nano);
    try (Tokenizer tokenizer = Tokenizers.open(nano)) {
      Lessons lessons = lessons(nano, stream(setting, tokenizer));
      for (double factor : setting.factors()) {
        Student student = compressor.student(factor);
        for (Way way : WAYS) {
          folders.put(
              factor + " " + way.title(), train(setting, compressor, student, way, lessons));
        }
      }
      Table table = table(setting, folders, tokenizer);
      return List.of(
          lessons.begun.isEmpty()
              ? table
              : table.note(
                  "Begun or finished by an earlier run, perhaps of other code (delete %s to train them anew): %s."
                      .formatted(lessons.work, String.join(", ", lessons.begun))));
    }
  }

  /**
   * What all students read.
   *
   * @param work folder of these lessons alone
   * @param begun students that an earlier run has begun or finished
   */
  private record Lessons(int[] stream, Path work, List<String> begun) {}

  private static Lessons lessons(Path nano, int[] stream) throws IOException {
    try (Checkpoint teacher = Checkpoint.open(nano)) {
      return new Lessons(stream, WORK.resolve(folder(teacher.id(), stream)), new ArrayList<>());
    }
  }

  /** Students of another teacher, or of other texts, do not go on from each other. */
  static String folder(String teacher, int[] stream) {
    return "bench-%s-%08x".formatted(teacher.substring(0, 12), Arrays.hashCode(stream));
  }

  private static int[] stream(Setting setting, Tokenizer tokenizer) throws IOException {
    setting.progress().accept("reading texts");
    HeldOut heldOut = new HeldOut("millrace-nano", 10);
    List<String> texts =
        PretrainCorpus.train(PretrainCorpus.NANO, heldOut, setting.seed()).stream()
            .map(Document::text)
            .toList();
    return TokenStream.of(
        texts,
        tokenizer,
        MoeConfigs.read(setting.nano().resolve("config.json")),
        Distillation.Plan.tokens(setting.steps()));
  }

  private static Path train(
      Setting setting, Compressor compressor, Student student, Way way, Lessons lessons)
      throws IOException {
    Distillation.Plan plan = way.plan(setting, student);
    String name =
        "bench-%d-%d-%s-%s-%s-%d"
            .formatted(
                StudentShape.parameters(student.shape()),
                setting.steps(),
                way.text(),
                way.asServed() ? "int8" : "fp32",
                plan.begins().name().toLowerCase(Locale.ROOT),
                setting.seed());
    Path work = lessons.work.resolve(name);
    if (Files.exists(work)) {
      lessons.begun.add(name);
    }
    Path out = work.resolve("student");
    setting.progress().accept(name + ": " + way.title());
    compressor.run(
        student.shape(), plan, lessons.stream, work, out, SAVE_EVERY, listener(setting, name));
    return out;
  }

  private static Distillation.Listener listener(Setting setting, String name) {
    return new Distillation.Listener() {
      @Override
      public void asked(long windows, long of) {
        if (windows % 512 == 0) {
          setting.tell("teacher: %d of %d windows", windows, of);
        }
      }

      @Override
      public void stepped(Distillation.Progress p) {
        if (p.step() % 50 == 0) {
          setting.tell(
              "%s: step %d, loss %.3f, divergence %.3f, %.0f tokens/s",
              name, p.step(), p.result().loss(), p.result().divergence(), p.tokensPerSecond());
        }
      }
    };
  }

  private static Table table(Setting setting, Map<String, Path> folders, Tokenizer tokenizer)
      throws Exception {
    Exam exam = BaseTexts.exam(setting.nano(), tokenizer);
    Exam known = BaseTexts.exam(setting.nano(), BaseTexts.ANCHORS, tokenizer);
    Exam asked = BaseTexts.exam(setting.nano(), BaseTexts.PROTECTED, tokenizer);
    Table table =
        Table.of(
            "Students of nano after %,d steps of %,d tokens"
                .formatted(setting.steps(), Distillation.Plan.STEP_TOKENS),
            "times fewer, and how | parameters | next token right % | kept % | bits per byte | kept of the teacher's % | domain told % | kept % of domains | tokens/s CPU");
    Map<String, BaseModel> models = new LinkedHashMap<>();
    try {
      for (Map.Entry<String, Path> folder : folders.entrySet()) {
        models.put(folder.getKey(), DjlModels.open(folder.getValue(), Precision.INT8));
      }
      setting.progress().accept("timing");
      Race race = race(setting, models, exam);
      double[] of = new double[3];
      for (Map.Entry<String, BaseModel> entry : models.entrySet()) {
        setting.progress().accept("exam of " + entry.getKey());
        BaseModel model = entry.getValue();
        Exam.Marks marks = exam.take(model, model.noAdapter());
        double told = asked.domainsTold(model, known);
        if (of[0] == 0) {
          of = new double[] {marks.accuracy(), marks.bitsPerByte(), told};
        }
        table.row(
            entry.getKey(),
            (int) StudentShape.parameters(Objects.requireNonNull(folders.get(entry.getKey()))),
            100 * marks.accuracy(),
            100 * marks.accuracy() / of[0],
            marks.bitsPerByte(),
            100 * of[1] / marks.bitsPerByte(),
            100 * told,
            100 * told / of[2],
            race.cpuRate(entry.getKey()));
      }
    } finally {
      models.values().forEach(BaseModel::close);
    }
    return table
        .note(
            "Judged as served, int8, on %d held-out texts (anchors and protected), %d tokens. Parameters count embeddings."
                .formatted(
                    exam.texts().size(),
                    exam.texts().stream().mapToInt(t -> t.tokens().length - 1).sum()))
        .note(
            "All students read the same %,d tokens. Distilled: %.0f %% of the loss is the text's, the rest KL from the teacher's %d likeliest tokens. All but those from scratch begin as a part of the teacher or, where that would be too little, with its embedding made narrower."
                .formatted(
                    Distillation.Plan.tokens(setting.steps()), 100 * WAYS.get(0).text(), LIKELIEST))
        .note(
            "Domain told: nearest mean embedding of the anchors' domains, for the protected texts.");
  }

  private static Race race(Setting setting, Map<String, BaseModel> models, Exam exam)
      throws Exception {
    List<Contestant> contestants = new ArrayList<>();
    List<int[]> texts = exam.texts().stream().limit(TIMED).map(Exam.Text::tokens).toList();
    double tokens = texts.stream().mapToInt(text -> text.length - 1).sum();
    models.forEach(
        (name, model) -> {
          List<Sequence> rows =
              texts.stream().map(text -> new Sequence(text, model.noAdapter())).toList();
          contestants.add(
              Contestant.onThisThread(
                  name,
                  0.1,
                  () -> {
                    model.score(rows);
                    return tokens;
                  }));
        });
    return Race.run(setting.rounds(), contestants);
  }
}
