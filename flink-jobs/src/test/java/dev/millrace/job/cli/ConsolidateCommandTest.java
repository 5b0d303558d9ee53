package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.NanoReleases;
import dev.millrace.job.Openers;
import dev.millrace.job.cli.options.Home;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.model.release.BaseRelease;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.score.HeldOut;
import dev.millrace.model.weights.Checkpoint;
import dev.millrace.schema.Origin;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConsolidateCommandTest extends RunsCommands {

  @TempDir Path folder;

  private int consolidate(String... options) {
    String[] args =
        Stream.concat(Stream.of("model", "consolidate"), Stream.of(options)).toArray(String[]::new);
    return run(args);
  }

  private void assertRefused(String said, String... options) {
    assertEquals(Main.USAGE, consolidate(options), err::toString);
    assertTrue(err.toString().contains(said), err::toString);
  }

  private static List<String> lines(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> "{\"id\":\"s%d\",\"text\":\"The queue %d is full.\"}".formatted(i, i))
        .toList();
  }

  @Test
  void consolidate_linesThatCannotTeach_areSaid() throws IOException {
    List<String> lines = new ArrayList<>(lines(20));
    lines.add("{\"id\":\"long\",\"text\":\"%s\"}".formatted("word ".repeat(900)));
    lines.add("{\"id\":\"other\",\"text\":\"Elsewhere.\",\"domain\":\"legal\"}");
    Path input = Files.write(folder.resolve("lines.jsonl"), lines);
    Path adapter = Files.createDirectory(folder.resolve("no-adapter"));
    Files.writeString(adapter.resolve("adapter_config.json"), "{}");
    assertRefused(
        "line 22 refused, other-domain",
        "--adapter=d=" + adapter,
        "--input=d=" + input,
        "--out=" + folder.resolve("out"));
    assertTrue(err.toString().contains("d: of 21 texts "), err::toString);
    assertFalse(Files.exists(folder.resolve("out")));
  }

  @Test
  void consolidate_releaseThatIsNotFolded_isBroughtToTheNewBase() throws IOException {
    Path base = NanoReleases.copyWithFewTexts(folder.resolve("base"));
    BaseRelease.noteLearned(base, base, List.of("of the one before"));
    Path store = folder.resolve("store");
    NanoReleases releases = new NanoReleases(store);
    List<String> lines = lines(24);
    List<LearnedSample> learned =
        IntStream.range(0, 20)
            .mapToObj(i -> new LearnedSample("s" + i, new Origin("samples", 0, i), false))
            .toList();
    String cloud = releases.publish("cloud", 1).release();
    String tenants = releases.publish("acme", "tickets", 3).release();
    String legal = releases.publish("legal", 2, learned).release();
    Path input = Files.write(folder.resolve("lines.jsonl"), lines);
    Path others =
        Files.write(
            folder.resolve("others.jsonl"),
            lines.stream().map(line -> line.replace("\"s", "\"t")).toList());
    Path next = folder.resolve("out");
    int exit =
        consolidate(
            "--base=" + base,
            "--adapter=cloud=" + store.resolve(cloud),
            "--input=cloud=" + input,
            "--adapter=tickets=" + store.resolve(tenants),
            "--input=tickets=" + others,
            "--rebase=legal=" + store.resolve(legal),
            "--input=legal=" + input,
            "--steps=1",
            "--rate=1e-6",
            "--out=" + next);
    assertEquals(0, exit, err + "" + out);
    assertTrue(err.toString().contains("legal: 20 of 24 texts taught release " + legal));
    assertTrue(out.toString().contains("by its adapter on the new base (protected: "));
    assertEquals(Set.of("cloud"), BaseRelease.taught(next).keySet());
    assertEquals(Set.of(cloud, tenants), BaseRelease.learned(next).releases());
    Set<String> taught = new TreeSet<>(BaseRelease.learned(next).samples());
    assertTrue(taught.removeIf(id -> id.startsWith("t")), taught::toString);
    assertTrue(taught.remove("of the one before"), taught::toString);
    assertTrue(err.toString().contains("cloud: of 24 texts %d teach".formatted(taught.size())));
    HeldOut heldOut =
        Openers.heldOut(MillraceConfig.defaults().with(Map.of("heldOut.everyNth", "5")));
    taught.removeIf(id -> Integer.parseInt(id.substring(1)) >= 20); // which did not teach legal
    assertFalse(taught.stream().anyMatch(id -> heldOut.contains(null, "legal", id)), "it judges");
    BaseRelease.Rebased brought = BaseRelease.rebased(next).get(legal);
    assertNotNull(brought);
    Path stored = BaseRelease.rebased(next, brought.release());
    Manifest manifest = Manifest.parse(Files.readAllBytes(stored.resolve(Manifest.FILE)));
    assertEquals(brought.release(), manifest.id());
    assertEquals(legal, manifest.parent());
    assertEquals(Checkpoint.idOf(next), manifest.base());
  }

  /** It was folded, and at the end nothing went over. */
  @Test
  void consolidate_releaseOfAnotherBase_isRefusedBeforeLinesAreRead() throws IOException {
    Path base = NanoReleases.copyWithFewTexts(folder.resolve("base"));
    Path release = releaseOfAnotherBase();
    int exit =
        consolidate(
            "--base=" + base,
            "--adapter=cloud=" + release,
            "--input=cloud=" + folder.resolve("lines"),
            "--out=" + folder.resolve("out"));
    assertOfAnotherBase(exit, release);
  }

  /** It taught the student what that adapter makes of this base, which nobody has wanted. */
  @Test
  void compress_underAReleaseOfAnotherBase_isRefusedBeforeTextsAreRead() throws IOException {
    Path release = releaseOfAnotherBase();
    Path input = Files.writeString(folder.resolve("lines.jsonl"), "{\"text\":\"short\"}");
    int exit =
        run(
            "model",
            "compress",
            "--adapter=" + release,
            "--input=" + input,
            "--out=" + folder.resolve("student"));
    assertOfAnotherBase(exit, release);
    assertFalse(Files.exists(folder.resolve("student")));
  }

  private Path releaseOfAnotherBase() throws IOException {
    Path store = folder.resolve("store");
    Path release = store.resolve(new NanoReleases(store).publish("cloud", 1).release());
    Path manifest = release.resolve(Manifest.FILE);
    String ours = Checkpoint.idOf(NanoReleases.NANO);
    Files.writeString(manifest, Files.readString(manifest).replace(ours, "f".repeat(64)));
    return release;
  }

  private void assertOfAnotherBase(int exit, Path release) throws IOException {
    assertEquals(Main.USAGE, exit, err::toString);
    assertEquals(
        "millrace: %s is a release on base %s, expected one on base %s"
            .formatted(release, "f".repeat(64), Checkpoint.idOf(NanoReleases.NANO)),
        err.toString().strip());
  }

  @Test
  void consolidate_forgetsWhatIsProtected_isRefusedByTheGatesRules() throws IOException {
    Path base = NanoReleases.copyWithFewTexts(folder.resolve("base"));
    Files.writeString(
        base.resolve("canaries.jsonl"), "{\"domain\":\"java\",\"text\":\"public static void\"}\n");
    Path store = folder.resolve("store");
    String cloud = new NanoReleases(store).publish("cloud", 1).release();
    Path input = Files.write(folder.resolve("lines.jsonl"), lines(24));
    int exit =
        consolidate(
            "--base=" + base,
            "--adapter=cloud=" + store.resolve(cloud),
            "--input=cloud=" + input,
            "--steps=1",
            "--rate=0.1",
            "--bound=1000",
            "--out=" + folder.resolve("out"));
    assertEquals(Output.FAILED, exit, err::toString);
    String said = out.toString();
    assertTrue(said.contains("; protected-unharmed: rise of loss on protected sets {(all)="), said);
    assertTrue(said.contains("; expected at most 0.0025 on all and 0.01 on each"), said);
    assertTrue(said.contains("; canary-prompts: greedy outputs of [java 0] are other"), said);
    assertFalse(Files.exists(folder.resolve("out")));
  }

  /** It was there when all was done, and the next run would have taken it for its own. */
  @Test
  void consolidate_failsWhenItHasWritten_leavesNothing() throws IOException {
    Path base = NanoReleases.copyWithFewTexts(folder.resolve("base"));
    Path store = folder.resolve("store");
    String cloud = new NanoReleases(store).publish("cloud", 1).release();
    Path input = Files.write(folder.resolve("lines.jsonl"), lines(24));
    Path next = folder.resolve("out");
    PrintWriter meanwhile =
        new PrintWriter(err, true) {
          @Override
          public void println(String line) {
            super.println(line);
            if (line.startsWith("step ")) {
              assertTrue(next.toFile().mkdir());
            }
          }
        };
    int exit =
        Main.run(
            new PrintWriter(out, true),
            meanwhile,
            "model",
            "consolidate",
            "--base=" + base,
            "--adapter=cloud=" + store.resolve(cloud),
            "--input=cloud=" + input,
            "--steps=1",
            "--rate=1e-6",
            "--out=" + next);
    assertEquals(Output.FAILED, exit, err::toString);
    assertTrue(err.toString().strip().endsWith(next + ": FileAlreadyExistsException"));
    assertFalse(Files.exists(folder.resolve("out.next")));
  }

  @Test
  void consolidate_folderOfAnEarlierRunIsThere_isRefused() throws IOException {
    Path left = Files.createDirectory(folder.resolve("out.next"));
    assertRefused(
        "millrace: " + left + " is there, expected none",
        "--adapter=d=" + folder,
        "--input=d=" + folder.resolve("lines"),
        "--out=" + folder.resolve("out"));
    assertTrue(Files.exists(left));
  }

  @Test
  void consolidate_domainThatIsFoldedAndBrought_isRefused() {
    assertRefused(
        "expected no domain among both",
        "--adapter=d=" + folder,
        "--rebase=d=" + folder,
        "--input=d=" + folder.resolve("lines"),
        "--out=" + folder.resolve("out"));
  }

  @Test
  void consolidate_domainThatIsCalledAsTheProtectedTextsAre_isRefused() {
    assertRefused(
        "so the protected texts are called",
        "--adapter=protected=" + folder,
        "--input=protected=" + folder.resolve("lines"),
        "--out=" + folder.resolve("out"));
  }

  @Test
  void consolidate_baseWithoutProtectedTexts_isRefusedBeforeAnythingIsRead() throws IOException {
    for (String file : List.of("config.json", "tokenizer.json")) {
      Files.copy(Home.here().nano().resolve(file), folder.resolve(file));
    }
    assertRefused(
        "no protected text of 2 to 256 tokens",
        "--base=" + folder,
        "--adapter=d=" + folder.resolve("adapter"),
        "--input=d=" + folder.resolve("lines"),
        "--out=" + folder.resolve("out"));
  }
}
