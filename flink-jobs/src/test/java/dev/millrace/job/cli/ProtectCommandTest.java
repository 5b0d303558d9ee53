package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.BaseTexts;
import dev.millrace.job.BaseTexts.Line;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProtectCommandTest {

  @TempDir Path folder;

  private final StringWriter err = new StringWriter();

  @BeforeEach
  void checkpoint() throws IOException {
    Files.writeString(folder.resolve("config.json"), "{}");
  }

  private int protect(String... more) {
    String[] args = new String[3 + more.length];
    args[0] = "model";
    args[1] = "protect";
    args[2] = folder.toString();
    System.arraycopy(more, 0, args, 3, more.length);
    return Main.run(new PrintWriter(new StringWriter()), new PrintWriter(err, true), args);
  }

  @Test
  void protect_ofNano_makesABaseThatCanBeAdapted() throws IOException {
    Exception e =
        assertThrows(IllegalArgumentException.class, () -> BaseTexts.requireProtected(folder));
    assertTrue(e.getMessage().contains("model protect " + folder), e::getMessage);
    assertEquals(0, protect());
    BaseTexts.requireProtected(folder);
    assertTrue(!BaseTexts.lines(folder, BaseTexts.ANCHORS).isEmpty());
    assertEquals(Main.USAGE, protect());
    assertTrue(err.toString().contains("expected --force"), err::toString);
    assertEquals(0, protect("--force"));
  }

  @Test
  void protect_ownTexts_noDocumentIsInBothFiles() throws IOException {
    Path texts = folder.resolve("mine.jsonl");
    Files.write(
        texts,
        List.of(
            "{\"id\": \"1\", \"document\": \"a\", \"text\": \"a1\"}",
            "{\"id\": \"2\", \"document\": \"a\", \"text\": \"a2\"}",
            "",
            "{\"id\": \"3\", \"document\": \"b\", \"text\": \"b1\"}",
            "{\"text\": \"c1\", \"domain\": \"x\"}"));
    assertEquals(0, protect("--texts", texts.toString()));
    assertEquals(
        List.of(
            new Line("texts", "a1", "a"),
            new Line("texts", "a2", "a"),
            new Line("x", "c1", "line 5")),
        BaseTexts.lines(folder, BaseTexts.PROTECTED));
    assertEquals(List.of(new Line("texts", "b1", "b")), BaseTexts.lines(folder, BaseTexts.ANCHORS));
  }

  /** A job that reads them, or a full disk, meets all of the old lines or all of the new. */
  @Test
  void protect_filesAreThere_areReplacedAsAWhole() throws IOException {
    assertEquals(0, protect());
    Path file = folder.resolve(BaseTexts.PROTECTED);
    Path before = Files.createLink(folder.resolve("before"), file);
    List<Line> old = BaseTexts.lines(folder, "before");
    Path texts = folder.resolve("mine.jsonl");
    Files.write(
        texts,
        List.of(
            "{\"id\": \"1\", \"document\": \"a\", \"text\": \"a1\"}",
            "{\"id\": \"2\", \"document\": \"b\", \"text\": \"b1\"}"));
    assertEquals(0, protect("--force", "--texts", texts.toString()));
    assertEquals(
        List.of(new Line("texts", "a1", "a")), BaseTexts.lines(folder, BaseTexts.PROTECTED));
    assertEquals(old, BaseTexts.lines(folder, before.getFileName().toString()));
  }

  @Test
  void protect_oneDocument_saysWhatIsMissing() throws IOException {
    Path texts = folder.resolve("mine.jsonl");
    Files.writeString(texts, "{\"id\": \"1\", \"text\": \"a\"}");
    assertEquals(Main.USAGE, protect("--texts", texts.toString()));
    assertTrue(err.toString().contains("two documents"), err::toString);
  }
}
