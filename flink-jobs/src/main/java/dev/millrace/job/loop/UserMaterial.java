package dev.millrace.job.loop;

import static java.util.stream.Collectors.groupingBy;

import dev.millrace.model.score.HeldOut;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import dev.millrace.schema.Sample;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What a user has, as material. */
public final class UserMaterial {

  private static final int MEASURED = 40;
  private static final int PROMPTS = 400;

  /** Of what was refused. */
  private static final int SHOWN = 3;

  /**
   * What was read.
   *
   * @param refused what is no sample of the domain
   * @param passedOver by reason: files of a folder that were not read
   */
  public record Lines(
      Path file,
      List<Sample> samples,
      List<UserInput.Refused> refused,
      SortedMap<String, Integer> passedOver) {

    SortedMap<String, Integer> byReason() {
      SortedMap<String, Integer> counts = new TreeMap<>();
      refused.forEach(line -> counts.merge(line.reason(), 1, Integer::sum));
      return counts;
    }

    /** Says what was not taken: of the lines, the first few. */
    public void sayWhatIsRefused(PrintWriter to) {
      refused.stream()
          .limit(SHOWN)
          .forEach(r -> to.printf("%s refused, %s: %s%n", r.where(), r.reason(), r.detail()));
      if (refused.size() > SHOWN) {
        to.printf("… %d refused in all%n", refused.size());
      }
      if (!passedOver.isEmpty()) {
        to.println("files passed over, by reason: " + passedOver);
      }
    }

    private String whyNone() {
      SortedMap<String, Integer> counts = byReason();
      passedOver.forEach((reason, count) -> counts.merge(reason, count, Integer::sum));
      return counts.isEmpty() ? "there is no text" : "none of it can be used " + counts;
    }
  }

  private UserMaterial() {}

  /** Reads an input; lines that name no domain are of the given one, whose tenant's they may be. */
  public static Lines lines(Path file, String domain) throws IOException {
    return lines(file, domain, null, true);
  }

  /**
   * The same of a domain that is no tenant's.
   *
   * @param textField as {@link UserInput} has it
   */
  public static Lines shared(Path file, String domain, @Nullable String textField)
      throws IOException {
    return lines(file, domain, textField, false);
  }

  private static Lines lines(
      Path file, String domain, @Nullable String textField, boolean ofTenants) throws IOException {
    List<Sample> samples = new ArrayList<>();
    List<UserInput.Refused> refused = new ArrayList<>();
    UserInput input = new UserInput(domain, textField, InstantSource.fixed(Instant.EPOCH));
    SortedMap<String, Integer> passedOver =
        input.read(
            file,
            (where, sample) -> {
              if (!domain.equals(sample.domain())) {
                refused.add(
                    new UserInput.Refused(
                        where, "other-domain", sample.domain() + ", expected " + domain));
              } else if (sample.tenant() != null && !ofTenants) {
                refused.add(
                    new UserInput.Refused(
                        where, "other-tenant", sample.tenant() + ", expected none"));
              } else {
                samples.add(sample);
              }
            },
            refused::add);
    List<Sample> ordered = UserInput.isText(file) ? woven(samples) : samples;
    return new Lines(file, ordered, refused, passedOver);
  }

  /** The pieces of each document evenly among all: what comes first is of every file. */
  private static List<Sample> woven(List<Sample> samples) {
    record Placed(double at, Sample sample) {}
    Map<String, List<Sample>> documents =
        samples.stream()
            .collect(groupingBy(Sample::document, LinkedHashMap::new, Collectors.toList()));
    List<Placed> placed = new ArrayList<>();
    for (List<Sample> pieces : documents.values()) {
      for (int i = 0; i < pieces.size(); i++) {
        placed.add(new Placed((i + 0.5) / pieces.size(), pieces.get(i)));
      }
    }
    return placed.stream()
        .sorted(Comparator.comparingDouble(Placed::at))
        .map(Placed::sample)
        .toList();
  }

  /**
   * The samples in their order; what their held-out documents say is measured, as far as the base's
   * context reaches.
   */
  public static Material material(Lines lines, String domain, Path base, HeldOut heldOut, long seed)
      throws IOException {
    List<Sample> samples = lines.samples();
    SortedMap<String, Integer> refused = lines.byReason();
    if (samples.isEmpty()) {
      throw new IllegalArgumentException(
          "file %s: %s, expected lines such as {\"text\": \"…\", \"document\": \"…\"} (--text-field names another key), or text files such as .txt, .md or .java"
              .formatted(lines.file(), lines.whyNone()));
    }
    List<String> aside = new ArrayList<>();
    List<String> texts = new ArrayList<>();
    for (Sample sample : samples) {
      boolean judges = heldOut.contains(null, domain, sample.document());
      (judges ? aside : texts).add(sample.teaches());
    }
    Random random = new Random(seed);
    Collections.shuffle(aside, random);
    Collections.shuffle(texts, random);
    List<String> guarded = DemoMaterial.protectedTexts(base);
    List<String> measured;
    List<String> prompts;
    try (Tokenizer tokenizer = Tokenizers.open(base)) {
      Beginnings beginnings = Beginnings.within(base, tokenizer);
      measured = beginnings.of(aside, MEASURED);
      prompts = beginnings.of(texts, PROMPTS);
      guarded = beginnings.of(guarded, guarded.size());
    }
    if (measured.isEmpty() || prompts.isEmpty()) {
      throw new IllegalArgumentException(
          "file %s: texts %d, documents %d, texts to learn from %d, texts of held-out documents %d; expected some of both: give more documents (of a folder each file is one)"
              .formatted(
                  lines.file(),
                  samples.size(),
                  samples.stream().map(Sample::document).distinct().count(),
                  texts.size(),
                  aside.size()));
    }
    return new Material(
        samples,
        new TreeMap<>(Map.of(domain, measured)),
        new TreeMap<>(Map.of(domain, prompts)),
        guarded,
        refused);
  }
}
