package dev.millrace.job;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.job.AcceptedText.Text;
import dev.millrace.job.config.CompressConfig;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.corpus.TokenStream;
import dev.millrace.job.operator.compress.Teaching;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.distil.Compressor;
import dev.millrace.model.distil.Distillation;
import dev.millrace.model.distil.Exam;
import dev.millrace.model.distil.Student;
import dev.millrace.model.djl.StudentTrainer;
import dev.millrace.model.release.BaseRelease;
import dev.millrace.model.swap.SwapRule;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import dev.millrace.model.weights.Checkpoint;
import dev.millrace.model.weights.Digest;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.Verdict;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.flink.util.FileUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Teaches what the topic still holds of the accepted text, and releases the student as {@code
 * releases base} does. A run is known by what it hangs on, and its state lies under the work
 * folder: there it goes on, also where only the gate's bounds are others.
 */
final class TopicTeaching implements Teaching {

  private static final Logger LOG = LoggerFactory.getLogger(TopicTeaching.class);
  private static final String REASON = "compressed from the accepted text of the stream";

  private static final int STEPS_A_LINE = 20;
  private static final int WINDOWS_A_LINE = 256;

  private final MillraceConfig config;
  private final CompressConfig compress;
  private final AcceptedText accepted;
  private final Path base;

  TopicTeaching(MillraceConfig config) {
    this.config = config;
    this.compress = config.compress();
    this.accepted = new AcceptedText(config);
    this.base = Path.of(config.base().dir());
  }

  @Override
  public List<Origin> choose() throws IOException {
    List<Origin> places = accepted.places();
    LOG.info("{} samples taught the releases in {}", places.size(), config.store().uri());
    return places;
  }

  @Override
  public Verdict teach(List<Origin> chosen, Progress progress) throws IOException {
    long begun = System.nanoTime();
    BaseTexts.requireProtected(base);
    Openers.requireTrusted(config); // what it cannot release it need not teach
    TeachingRelease teacher = teacher(progress);
    List<Text> texts = texts(chosen, progress);
    Path next = taught(texts, teacher, progress);
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
    BaseRelease.noteLearned(next, base, texts.stream().map(Text::id).toList());
    Path student = finished(next);
    return verdict(publish(student, () -> head(texts, teacher), progress), texts.size(), millis);
  }

  private List<Text> texts(List<Origin> chosen, Progress progress) throws IOException {
    AcceptedText.Read read = accepted.texts(chosen, progress::requireWanted).requireSome();
    if (!read.gone().isEmpty()) {
      LOG.warn("{}: the student goes without", read.gone());
    }
    return read.texts();
  }

  /** The release under which the base teaches; null for the base alone. */
  private @Nullable TeachingRelease teacher(Progress progress) throws IOException {
    if (compress.release().isEmpty()) {
      return null;
    }
    TeachingRelease teacher =
        TeachingRelease.fetch(
            config, accepted.releases(), Checkpoint.idOf(base, progress::requireWanted));
    teacher.requireUntaught(accepted.forgotten());
    return teacher;
  }

  private Path taught(List<Text> texts, @Nullable TeachingRelease teacher, Progress progress)
      throws IOException {
    try (Tokenizer tokenizer = Tokenizers.open(base)) {
      if (teacher == null) {
        return train(texts, null, tokenizer, progress);
      }
      Exam exam = teacher.exam(texts, BaseTexts.beginnings(base, tokenizer));
      Path student = train(teacher.teaching(texts), teacher.folder(), tokenizer, progress);
      teacher.note(base, student, exam, progress::requireWanted);
      return student;
    }
  }

  /** Who finds the student finds beside it what taught it. */
  private static Path finished(Path next) throws IOException {
    Path student = next.resolveSibling("student");
    FileUtils.deleteDirectory(student.toFile());
    return Files.move(next, student);
  }

  /** The folder of a student that has learned, which does not say yet what taught it. */
  private Path train(
      List<Text> texts, @Nullable Path adapter, Tokenizer tokenizer, Progress progress)
      throws IOException {
    Path work = Path.of(compress.work());
    Compressor compressor =
        new Compressor(base, adapter, compress.likeliest(), work.resolve("targets"));
    Student student = compressor.student(compress.factor());
    Distillation.Plan plan =
        Distillation.Plan.of(
            compress.steps(),
            new StudentTrainer.Objective(compress.text(), compress.temperature()),
            true,
            student,
            compress.seed());
    int[] stream =
        TokenStream.of(
            texts.stream().map(Text::text).toList(), tokenizer, student.shape(), Integer.MAX_VALUE);
    requireEnough(texts.size(), stream.length, 2 * plan.time());
    String id = Checkpoint.idOf(base, progress::requireWanted);
    Path run = work.resolve(name(id, compress, student.shape(), plan, stream));
    LOG.info(
        "{} texts of {} tokens, {} steps in {}", texts.size(), stream.length, plan.steps(), run);
    Path out = run.resolve("student.next");
    compressor.run(
        student.shape(), plan, stream, run, out, compress.saveEvery(), new Heard(progress));
    return out;
  }

  private static void requireEnough(int texts, int tokens, int least) {
    if (tokens < least) {
      throw new IllegalArgumentException(
          "%d accepted texts of %d tokens, expected at least %d tokens"
              .formatted(texts, tokens, least));
    }
  }

  /**
   * By all that the state of a run hangs on: no other run finds it. {@code as it routes} keeps
   * those apart of a snapshot whose teacher took the top k in place of its release's routing.
   */
  static String name(
      String base,
      CompressConfig compress,
      MoeConfig student,
      Distillation.Plan plan,
      int[] stream) {
    ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * stream.length);
    bytes.asIntBuffer().put(stream);
    String run =
        String.join(
            " ",
            base,
            compress.release().isEmpty() ? "" : compress.release() + " as it routes",
            student.toString(),
            Integer.toString(compress.likeliest()),
            plan.toString(),
            Digest.sha256(bytes.array()));
    return Digest.sha256(run.getBytes(UTF_8)).substring(0, 16);
  }

  private record Heard(Progress progress) implements Distillation.Listener {

    @Override
    public void cuts() {
      progress.requireWanted();
    }

    @Override
    public void asked(long windows, long of) {
      progress.asked();
      if (windows % WINDOWS_A_LINE == 0 || windows == of) {
        LOG.info("teacher: {} of {} windows", windows, of);
      }
    }

    @Override
    public void stepped(Distillation.Progress p) {
      StudentTrainer.Step of = p.result();
      if (p.step() % STEPS_A_LINE == 0) {
        LOG.info("step {}: loss {}, divergence {}", p.step(), of.loss(), of.divergence());
      }
      progress.stepped(p.step(), of.loss());
    }
  }

  /**
   * Whoever ordered it meanwhile is obeyed: the job starts again, and reads without them. What the
   * teacher knows of them it would know again.
   */
  private void requireNoneForgotten(List<Text> texts, @Nullable TeachingRelease teacher) {
    Set<String> forgotten = accepted.forgotten();
    if (teacher != null) {
      teacher.requireUntaught(forgotten);
    }
    for (Text text : texts) {
      if (forgotten.contains(text.id())) {
        throw new IllegalStateException(
            "sample %s taught the student and is to be forgotten, expected none: it begins again without it"
                .formatted(text.id()));
      }
    }
  }

  private BasePublisher.Result publish(
      Path student, Supplier<@Nullable ReleaseEvent> heads, Progress progress) throws IOException {
    BasePublisher publisher = new BasePublisher(config, LOG::info, progress::requireWanted);
    BasePublisher.Result done = publisher.released(student, bases());
    if (done != null) {
      return done;
    }
    progress.awaitKept(); // or another student could be released after it
    return publisher.publish(
        student, heads, new BasePublisher.Bounds(compress.bound(), compress.domainBound()), REASON);
  }

  /**
   * The event that the line of bases follows; null if there was none. It is asked for again after
   * the student was judged, which takes long.
   */
  private @Nullable ReleaseEvent head(List<Text> taught, @Nullable TeachingRelease teacher) {
    requireNoneForgotten(taught, teacher);
    List<ReleaseEvent> bases = bases();
    return bases.isEmpty() ? null : SwapRule.after(bases);
  }

  private List<ReleaseEvent> bases() {
    return accepted.events().stream().filter(event -> event.kind() == Kind.BASE).toList();
  }

  private Verdict verdict(BasePublisher.Result result, int samples, long millis) {
    boolean accepted = result.release() != null;
    LOG.info("the student is {}", accepted ? "released as " + result.release() : "refused");
    return new Verdict(
        null,
        BaseRelease.DOMAIN,
        result.batch(),
        result.release(),
        result.parent(),
        accepted,
        result.rules(),
        samples,
        Distillation.Plan.tokens(compress.steps()),
        millis,
        List.of(),
        Kind.BASE);
  }
}
