package dev.millrace.job.cli.model;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.BaseTexts;
import dev.millrace.job.NanoReleases;
import dev.millrace.job.Openers;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.model.distil.Exam;
import dev.millrace.model.score.HeldOut;
import dev.millrace.model.score.SampleTokens;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DomainLinesTest {

  @TempDir Path folder;

  /** A base that knows them would judge every later candidate of the domain too kindly. */
  @Test
  void read_documentsThatLearnHoldsOut_judgeAndTeachNothing() throws IOException {
    HeldOut heldOut = heldOut();
    List<String> lines = new ArrayList<>();
    Set<String> teaching = new TreeSet<>();
    for (int i = 0; i < 60; i++) {
      lines.add(line(i));
      if (!heldOut.contains(null, "cloud", "d" + i)) {
        teaching.add("s" + i);
      }
    }
    DomainTexts texts = read(lines);
    assertTrue(teaching.containsAll(texts.samples()), texts.samples()::toString);
    assertEquals(60, texts.samples().size() + texts.exam().texts().size());
  }

  /** What judged the release would teach the base, and go on judging. */
  @Test
  void read_linesOfATenantsReleaseThatNameNone_judgesWhatWasHeldOutForTheTenant()
      throws IOException {
    HeldOut heldOut = heldOut();
    List<String> lines = IntStream.range(0, 60).mapToObj(DomainLinesTest::line).toList();
    Set<String> judges = lines(lines, "acme").judges();
    Set<String> missed = new TreeSet<>();
    for (int i = 0; i < 60; i++) {
      if (heldOut.contains("acme", "cloud", "d" + i) && !judges.contains("d" + i)) {
        missed.add("d" + i);
      }
    }
    assertEquals(Set.of(), missed);
  }

  /** The new base is the same for all domains. */
  @Test
  void texts_textsThatJudgeAnotherDomain_neitherTeachNorJudge() throws IOException {
    DomainLines lines =
        lines(IntStream.range(0, 60).mapToObj(DomainLinesTest::line).toList(), null);
    DomainTexts alone = texts(lines, Set.copyOf(lines.judging()));
    String first = alone.samples().get(0);
    String its = "Queue %s.".formatted(first.substring(1));
    DomainTexts beside = texts(lines, Set.of(its, "d" + first.substring(1), "d59"));
    assertEquals(alone.samples().subList(1, alone.samples().size()), beside.samples());
    assertEquals(alone.exam().texts().size(), beside.exam().texts().size());
  }

  @Test
  void read_fewDocumentsOfWhichLearnHoldsOutNone_oneJudges() throws IOException {
    HeldOut heldOut = heldOut();
    List<String> lines =
        IntStream.range(0, 60)
            .filter(i -> !heldOut.contains(null, "cloud", "d" + i))
            .limit(5)
            .mapToObj(DomainLinesTest::line)
            .toList();
    DomainTexts texts = read(lines);
    assertEquals(4, texts.samples().size());
    assertEquals(1, texts.exam().texts().size());
  }

  /** What learn taught of them: else of a corpus of articles none could be folded. */
  @Test
  void read_textsLongerThanASequence_teachAndJudgeByTheirBeginnings() throws IOException {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      lines.add(line(i).replace("Queue", "Queue " + "möglich ".repeat(400)));
    }
    DomainTexts texts = read(lines);
    assertEquals(20, texts.samples().size() + texts.exam().texts().size());
    assertTrue(texts.texts().stream().allMatch(tokens -> tokens.length == 256));
    Exam.Text judge = texts.exam().texts().get(0);
    try (Tokenizer tokenizer = Tokenizers.open(NanoReleases.NANO)) {
      String said = tokenizer.decode(judge.tokens());
      assertTrue(said.startsWith("Queue möglich"), said);
      assertEquals(said.replace("\uFFFD", "").getBytes(UTF_8).length, judge.bytes());
    }
  }

  /** As adapt does: a fifth, in which is the tenth of the jobs. */
  private static HeldOut heldOut() {
    return Openers.heldOut(MillraceConfig.defaults().with(Map.of("heldOut.everyNth", "5")));
  }

  private static String line(int i) {
    return "{\"id\":\"s%d\",\"text\":\"Queue %d.\",\"document\":\"d%d\"}".formatted(i, i, i);
  }

  private DomainTexts read(List<String> lines) throws IOException {
    return texts(lines(lines, null), Set.of());
  }

  private DomainLines lines(List<String> lines, @Nullable String tenant) throws IOException {
    Path input = Files.write(folder.resolve("lines.jsonl"), lines);
    return DomainLines.read("cloud", input, tenant, null, unheard());
  }

  private static DomainTexts texts(DomainLines lines, Set<String> judging) throws IOException {
    try (Tokenizer tokenizer = Tokenizers.open(NanoReleases.NANO)) {
      SampleTokens beginnings = BaseTexts.beginnings(NanoReleases.NANO, tokenizer);
      return lines.texts(judging, beginnings, unheard());
    }
  }

  private static PrintWriter unheard() {
    return new PrintWriter(new StringWriter());
  }
}
