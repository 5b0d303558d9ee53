package dev.millrace.job.cli.model;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.job.BaseTexts;
import dev.millrace.job.Openers;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.loop.UserMaterial;
import dev.millrace.model.distil.Exam;
import dev.millrace.model.score.HeldOut;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.weights.Digest;
import dev.millrace.schema.Sample;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a domain teaches, and what judges it.
 *
 * @param samples ids of those that teach
 */
record DomainTexts(List<int[]> texts, List<String> samples, Exam exam) {

  /**
   * @param old what is to be brought over, to which no text is new; null where an adapter is folded
   */
  static DomainTexts read(
      String domain, Path file, @Nullable OldRelease old, Tokenizer tokenizer, PrintWriter err)
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
    Set<String> judges = judges(domain, samples);
    List<int[]> texts = new ArrayList<>();
    List<String> teaching = new ArrayList<>();
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
        teaching.add(sample.id());
      }
    }
    err.printf(
        "%s: of %d texts %d teach and %d judge; the others have not 2 to %d tokens%n",
        domain, samples.size(), texts.size(), judging.size(), BaseTexts.MAX_TOKENS);
    if (texts.isEmpty() || judging.isEmpty()) {
      throw new IllegalArgumentException(
          "%s: %d texts of up to %d tokens to learn from and %d of held-out documents, expected some of both"
              .formatted(file, texts.size(), BaseTexts.MAX_TOKENS, judging.size()));
    }
    return new DomainTexts(texts, teaching, new Exam(judging));
  }

  /**
   * What learn holds out, to judge candidates by on the new base too, and a tenth of the documents,
   * one at least, by their digests: none of what taught a release is held out.
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
    int tenth = Math.min(documents.size(), 1 + documents.size() / 10);
    Set<String> judges = new HashSet<>(documents.subList(0, tenth));
    HeldOut heldOut = Openers.heldOut(MillraceConfig.defaults());
    samples.stream()
        .filter(sample -> heldOut.contains(sample.tenant(), domain, sample.document()))
        .forEach(sample -> judges.add(sample.document()));
    return judges;
  }
}
