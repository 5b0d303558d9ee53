package dev.millrace.job.cli.model;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.job.Openers;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.loop.RunConfig;
import dev.millrace.job.loop.UserMaterial;
import dev.millrace.model.distil.Exam;
import dev.millrace.model.score.HeldOut;
import dev.millrace.model.score.SampleTokens;
import dev.millrace.schema.Sample;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A domain's input.
 *
 * @param judges the documents that judge
 */
record DomainLines(String domain, Path file, List<Sample> samples, Set<String> judges) {

  /**
   * Reads it.
   *
   * @param tenant whose lines those are that name none: the release's; null means shared
   * @param old what is to be brought over, to which no text is new; null where an adapter is folded
   */
  static DomainLines read(
      String domain, Path file, @Nullable String tenant, @Nullable OldRelease old, PrintWriter err)
      throws IOException {
    err.println("reading " + file);
    UserMaterial.Lines lines = UserMaterial.lines(file, domain);
    lines.sayWhatIsRefused(err);
    List<Sample> samples = new ArrayList<>(lines.samples());
    if (old != null && samples.removeIf(sample -> !old.samples().contains(sample.id()))) {
      err.printf(
          "%s: %d of %d texts taught release %s, the others are left out%n",
          domain, samples.size(), lines.samples().size(), old.id());
    }
    return new DomainLines(domain, file, samples, judges(domain, tenant, samples));
  }

  /**
   * What learn holds out, in a job or in a run of minutes, to judge candidates by on the new base
   * too, and a tenth of the documents: none of what taught a run's release is held out.
   */
  private static Set<String> judges(String domain, @Nullable String tenant, List<Sample> samples) {
    Set<String> judges = new HashSet<>(Exam.judges(domain, samples.stream().map(Sample::document)));
    String every = Integer.toString(RunConfig.HELD_OUT_EVERY);
    HeldOut heldOut =
        Openers.heldOut(MillraceConfig.defaults().with(Map.of("heldOut.everyNth", every)));
    for (Sample sample : samples) {
      String of = sample.tenant() == null ? tenant : sample.tenant();
      if (heldOut.contains(of, domain, sample.document())) {
        judges.add(sample.document());
      }
    }
    return judges;
  }

  /** The texts of those documents. Names would not do: two files may number theirs alike. */
  List<String> judging() {
    return samples.stream()
        .filter(sample -> judges.contains(sample.document()))
        .map(Sample::teaches)
        .toList();
  }

  /**
   * What teaches, and what judges.
   *
   * @param judging the texts that judge in any domain, and teach in none
   */
  DomainTexts texts(Set<String> judging, SampleTokens beginnings, PrintWriter err) {
    List<int[]> texts = new ArrayList<>();
    List<String> teaching = new ArrayList<>();
    List<Exam.Text> exam = new ArrayList<>();
    int elsewhere = 0;
    for (Sample sample : samples) {
      int[] tokens = beginnings.of(sample.teaches());
      if (tokens.length < 2) {
        continue;
      }
      if (judges.contains(sample.document())) {
        String said = beginnings.said(sample.teaches());
        exam.add(new Exam.Text(domain, tokens, said.getBytes(UTF_8).length));
      } else if (judging.contains(sample.teaches())) {
        elsewhere++;
      } else {
        texts.add(tokens);
        teaching.add(sample.id());
      }
    }
    err.printf(
        "%s: of %d texts %d teach, %d judge, and %d judge another domain; the others have not 2 tokens%n",
        domain, samples.size(), texts.size(), exam.size(), elsewhere);
    if (texts.isEmpty() || exam.isEmpty()) {
      throw new IllegalArgumentException(
          "%s: %d texts to learn from and %d of held-out documents, expected some of both"
              .formatted(file, texts.size(), exam.size()));
    }
    return new DomainTexts(texts, teaching, new Exam(exam));
  }
}
