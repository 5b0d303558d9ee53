package dev.millrace.job;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.job.AcceptedText.Text;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.FlinkStoreFiles;
import dev.millrace.model.distil.Consolidation;
import dev.millrace.model.distil.Exam;
import dev.millrace.model.release.BaseRelease;
import dev.millrace.model.release.InvalidReleaseException;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.model.release.ReleaseReader;
import dev.millrace.model.score.SampleTokens;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent.Kind;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A release under whose adapter a base teaches. A tenth of the documents that taught it judges how
 * its domain fares on the student, and teaches no student.
 *
 * @param folder of its files, on this machine
 * @param learned the places of what taught it and its parents
 * @param samples its ids
 */
record TeachingRelease(Manifest manifest, Path folder, Set<Origin> learned, Set<String> samples) {

  /**
   * Fetches and verifies the configured one.
   *
   * @param stored the releases of the store, by id
   * @param base id of the base
   * @throws IllegalArgumentException if it is not in the store, or cannot teach for everybody on
   *     that base
   * @throws IOException if the store cannot be read now
   */
  static TeachingRelease fetch(MillraceConfig config, Map<String, Manifest> stored, String base)
      throws IOException {
    String id = config.compress().release();
    ReleaseFiles files = Openers.published(config);
    String uri = FlinkStoreFiles.at(config.store().uri()).uri(id);
    try {
      Manifest manifest = ReleaseReader.readManifest(files, uri, id);
      requireTeaches(id, manifest, base);
      Path folder = Files.createDirectories(Path.of(config.compress().work(), "releases", id));
      for (Map.Entry<String, byte[]> file :
          ReleaseReader.readFiles(files, uri, manifest).entrySet()) {
        Files.write(folder.resolve(file.getKey()), file.getValue());
      }
      Files.write(folder.resolve(Manifest.FILE), manifest.toBytes()); // which has its routing
      return new TeachingRelease(
          manifest,
          folder,
          learned(manifest, stored, LearnedSample::origin),
          learned(manifest, stored, LearnedSample::sample));
    } catch (InvalidReleaseException e) {
      throw new IllegalArgumentException("compress.release " + id + ": " + e.getMessage(), e);
    } catch (FileNotFoundException | NoSuchFileException e) {
      throw new IllegalArgumentException(
          "compress.release %s is not whole in %s, expected all of its files: %s"
              .formatted(id, config.store().uri(), e.getMessage()),
          e);
    }
  }

  private static void requireTeaches(String id, Manifest manifest, String base) {
    boolean shared = manifest.kind() == Kind.ADAPTER && manifest.tenant() == null;
    if (!shared || !manifest.base().equals(base)) {
      throw new IllegalArgumentException(
          "compress.release %s is of kind %s, tenant %s and base %s, expected an adapter of a shared domain on base %s"
              .formatted(id, manifest.kind(), manifest.tenant(), manifest.base(), base));
    }
  }

  private static <T> Set<T> learned(
      Manifest manifest, Map<String, Manifest> stored, Function<LearnedSample, T> of) {
    Set<T> learned = new HashSet<>();
    for (Manifest at = manifest; at != null; at = parent(at, stored)) {
      at.learned().stream().map(of).forEach(learned::add);
    }
    return learned;
  }

  private static @Nullable Manifest parent(Manifest of, Map<String, Manifest> stored) {
    return of.parent() == null ? null : stored.get(of.parent());
  }

  /**
   * Refuses to teach what was to be forgotten, also where its text is not on its topic any more.
   *
   * @param forgotten ids of samples
   * @throws IllegalArgumentException if one of them taught it or a parent
   */
  void requireUntaught(Set<String> forgotten) {
    for (String sample : samples) {
      if (forgotten.contains(sample)) {
        throw new IllegalArgumentException(
            "compress.release %s was taught sample %s, which is to be forgotten, expected one that does not know it"
                .formatted(manifest.id(), sample));
      }
    }
  }

  /**
   * What teaches of some texts: nothing of a document that judges, whoever has learned it, and no
   * text that judges, in whichever document another domain has it.
   */
  List<Text> teaching(List<Text> texts) {
    Set<String> judges = judges(texts);
    Set<String> judging =
        texts.stream()
            .filter(text -> hasLearned(text) && judges.contains(text.document()))
            .map(Text::text)
            .collect(Collectors.toSet());
    return texts.stream()
        .filter(text -> !judges.contains(text.document()) && !judging.contains(text.text()))
        .toList();
  }

  private Set<String> judges(List<Text> texts) {
    return Exam.judges(
        manifest.domain(), texts.stream().filter(this::hasLearned).map(Text::document));
  }

  private boolean hasLearned(Text text) {
    return learned.contains(text.origin());
  }

  /**
   * What judges of some texts; of a longer one the beginning, as in learning.
   *
   * @throws IllegalArgumentException if there is nothing
   */
  Exam exam(List<Text> texts, SampleTokens beginnings) {
    Set<String> documents = judges(texts);
    List<Exam.Text> judging = new ArrayList<>();
    for (Text text : texts) {
      boolean judges = hasLearned(text) && documents.contains(text.document());
      int[] tokens = judges ? beginnings.of(text.text()) : new int[0];
      if (tokens.length >= 2) {
        String said = beginnings.said(text.text());
        judging.add(new Exam.Text(manifest.domain(), tokens, said.getBytes(UTF_8).length));
      }
    }
    if (judging.isEmpty()) {
      throw new IllegalArgumentException(
          "no text of 2 tokens or more is of the tenth of the documents that judges compress.release %s, expected some"
              .formatted(manifest.id()));
    }
    return new Exam(judging);
  }

  /**
   * Notes beside a student that its domain goes over to it, and how it fares there.
   *
   * @param before is run before each text of the exam
   */
  void note(Path base, Path student, Exam exam, Runnable before) throws IOException {
    String domain = manifest.domain();
    Consolidation.Outcome outcome =
        Consolidation.judge(base, student, domain, folder, exam, before);
    BaseRelease.note(
        student,
        Map.of(domain, new BaseRelease.Taught(manifest.id(), outcome.before(), outcome.after())));
  }
}
