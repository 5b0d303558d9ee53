package dev.millrace.job.loop;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.score.HeldOut;
import dev.millrace.schema.Sample;
import dev.millrace.schema.wire.Limits;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UserInputTest {

  private static final Path NANO = Path.of(System.getProperty("millrace.root"), "models", "nano");
  private static final String TEXT = "D\u00e9j\u00e0 vu.\n\nEnd.";

  @TempDir Path folder;

  private final List<String> told = new ArrayList<>();

  @ParameterizedTest
  @ValueSource(strings = {"a.txt", "a.TEXT", "a.md", "a.rst", "A.java", "a.py"})
  void lines_textFile_isReadAsText(String name) throws Exception {
    assertEquals(
        List.of(name + "#1 of " + name + "/1: " + TEXT), read(write(name, TEXT.getBytes(UTF_8))));
    assertEquals(
        List.of(name + ".gz#1 of " + name + ".gz/1: " + TEXT),
        read(write(name + ".gz", zipped(TEXT.getBytes(UTF_8)))));
  }

  @Test
  void lines_encodingsAndLineEnds_areTheSameText() throws Exception {
    String marked = "\uFEFF" + TEXT.replace("\n", "\r\n");
    for (byte[] bytes :
        List.of(marked.getBytes(UTF_8), marked.getBytes(UTF_16LE), marked.getBytes(UTF_16BE))) {
      assertEquals(List.of("a.txt#1 of a.txt/1: " + TEXT), read(write("a.txt", bytes)));
    }
  }

  @Test
  void lines_notUtf8_namesFileAndByte() throws Exception {
    write("in/a.txt", TEXT.getBytes(ISO_8859_1));
    write("in/b.txt", TEXT.getBytes(UTF_8));
    byte[] marked = ("\uFEFF" + TEXT).substring(0, 3).getBytes(UTF_8);
    write("in/c.txt", Arrays.copyOf(marked, marked.length - 1));
    UserMaterial.Lines lines = UserMaterial.lines(folder.resolve("in"), "d");
    assertEquals(
        List.of(
            new UserInput.Refused(
                "in/a.txt", "invalid-utf8", "byte 1 cannot be decoded, expected text in UTF-8"),
            new UserInput.Refused(
                "in/c.txt", "invalid-utf8", "byte 4 cannot be decoded, expected text in UTF-8")),
        lines.refused());
    assertEquals(1, lines.samples().size());
  }

  @Test
  void lines_folder_isReadInOrderOfNamesAndTheRestIsCounted() throws Exception {
    write("in/z.md", "last".getBytes(UTF_8));
    write("in/sub/b.py", "second".getBytes(UTF_8));
    write("in/a.txt.gz", zipped("first".getBytes(UTF_8)));
    write("in/.git/config.txt", "no".getBytes(UTF_8));
    write("in/.hidden.txt", "no".getBytes(UTF_8));
    write("in/zero.txt", new byte[] {'a', 0, 'b'});
    write("in/none.txt", new byte[0]);
    write("in/blank.txt", " \n".getBytes(UTF_8));
    write("in/a.png", new byte[] {1});
    write("in/LICENSE", new byte[] {1});
    Files.createSymbolicLink(folder.resolve("in/link.txt"), folder.resolve("in/z.md"));
    UserMaterial.Lines lines = UserMaterial.lines(folder.resolve("in"), "d");
    assertEquals(
        List.of(
            "in/a.txt.gz#1 of in/a.txt.gz: first",
            "in/sub/b.py#1 of in/sub/b.py: second",
            "in/z.md#1 of in/z.md: last"),
        said(lines));
    assertEquals(
        Map.of(
            "hidden", 2,
            "binary", 1,
            "empty-text", 2,
            "other-ending", 1,
            "no-ending", 1,
            "link", 1),
        lines.passedOver());
    assertEquals(List.of(), lines.refused());
  }

  @Test
  void lines_brokenGzip_isRefusedByNameInAFolderAndAnErrorAlone() throws Exception {
    byte[] zipped = zipped(TEXT.getBytes(UTF_8));
    write("in/a.txt.gz", Arrays.copyOf(zipped, zipped.length - 9));
    write("in/b.txt.gz", TEXT.getBytes(UTF_8));
    write("in/c.txt.gz", zipped);
    UserMaterial.Lines lines = UserMaterial.lines(folder.resolve("in"), "d");
    assertEquals(List.of("in/c.txt.gz#1 of in/c.txt.gz: " + TEXT), said(lines));
    assertEquals(
        List.of("in/a.txt.gz no-gzip", "in/b.txt.gz no-gzip"),
        lines.refused().stream().map(no -> no.where() + " " + no.reason()).toList());
    String detail = lines.refused().get(0).detail();
    assertTrue(detail.contains("in/a.txt.gz, expected gzip, and all of it"), detail);
    for (String name : List.of("a.txt.gz", "b.txt.gz")) {
      Path alone = folder.resolve("in").resolve(name);
      assertThrows(IllegalArgumentException.class, () -> UserMaterial.lines(alone, "d"));
    }
  }

  @Test
  void lines_emptyGzip_saysWhatIsWrong() throws Exception {
    Path file = write("a.jsonl.gz", new byte[0]);
    assertEquals(
        "file " + file + ", expected gzip, and all of it: it ends too soon",
        assertThrows(IllegalArgumentException.class, () -> UserMaterial.lines(file, "d"))
            .getMessage());
  }

  @Test
  void lines_jsonInUtf16_saysSo() throws Exception {
    for (String mark : List.of("\uFEFF", "")) {
      for (Charset charset : List.of(UTF_16LE, UTF_16BE)) {
        Path file = write("a.jsonl", (mark + "{\"text\": \"one\"}\n").getBytes(charset));
        assertEquals(
            "file %s is UTF-16, expected UTF-8: iconv -f UTF-16 -t UTF-8 makes it so"
                .formatted(file),
            assertThrows(IllegalArgumentException.class, () -> UserMaterial.lines(file, "d"))
                .getMessage());
      }
    }
  }

  @Test
  void each_lineWithoutEnd_isRefusedBeforeItEnds() throws Exception {
    String next = "\r\n{\"text\": \"one\"}\r{\"text\": \"two\"}\n\n{\"text\": \"three\"}";
    InputStream zeros = new ByteArrayInputStream(new byte[Limits.LINE_BYTES + (1 << 20)]);
    InputStream rest =
        new InputStream() {
          private final InputStream in = new ByteArrayInputStream(next.getBytes(UTF_8));

          @Override
          public int read() throws IOException {
            assertEquals(List.of("line 1 too-long"), told, "nothing was said of the zeros");
            return in.read();
          }

          @Override
          public int read(byte[] into, int at, int most) throws IOException {
            assertEquals(List.of("line 1 too-long"), told, "nothing was said of the zeros");
            return in.read(into, at, most);
          }
        };
    List<String> taken = new ArrayList<>();
    UserInput.each(
        InputFile.undecoded(new SequenceInputStream(zeros, rest)),
        (line, number) -> line,
        (where, line) -> taken.add(where + " " + line),
        refused -> told.add(refused.where() + " " + refused.reason()));
    assertEquals(
        List.of(
            "line 2 {\"text\": \"one\"}",
            "line 3 {\"text\": \"two\"}",
            "line 5 {\"text\": \"three\"}"),
        taken);
    assertEquals(List.of("line 1 too-long"), told);
  }

  @Test
  void lines_folderWithoutTextFiles_isAnErrorThatSaysWhatIsThere() throws Exception {
    write("in/a.jsonl", "{\"text\": \"one\"}".getBytes(UTF_8));
    String said =
        assertThrows(
                IllegalArgumentException.class, () -> UserMaterial.lines(folder.resolve("in"), "d"))
            .getMessage();
    assertTrue(said.contains("holds no text file but {other-ending=1}, expected some"), said);
    Files.delete(folder.resolve("in/a.jsonl"));
    said =
        assertThrows(
                IllegalArgumentException.class, () -> UserMaterial.lines(folder.resolve("in"), "d"))
            .getMessage();
    assertTrue(said.contains("holds no text file, expected some"), said);
  }

  @Test
  void lines_oneFileWithoutText_isRefused() throws Exception {
    for (String reason : List.of("binary", "empty-text")) {
      byte[] bytes = reason.equals("binary") ? new byte[] {'a', 0} : new byte[0];
      UserMaterial.Lines lines = UserMaterial.lines(write("a.txt", bytes), "d");
      assertEquals(
          List.of("a.txt " + reason),
          lines.refused().stream().map(no -> no.where() + " " + no.reason()).toList());
    }
  }

  @Test
  void lines_longText_isCutBetweenParagraphs() throws Exception {
    List<String> paragraphs = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      paragraphs.add("    line of %d\n  and another".formatted(i).repeat(1 + i % 5));
    }
    Path file = write("a.txt", String.join("\n\n", paragraphs).getBytes(UTF_8));
    List<Sample> samples = UserMaterial.lines(file, "d").samples();
    assertTrue(samples.size() > 2, samples::toString);
    assertEquals(
        paragraphs,
        samples.stream()
            .flatMap(sample -> List.of(sample.text().split("\n\n", -1)).stream())
            .toList());
    samples.forEach(sample -> assertTrue(sample.text().length() <= 480, sample::text));
    assertEquals(
        Set.of("a.txt/1"), samples.stream().map(Sample::document).collect(Collectors.toSet()));
  }

  @Test
  void lines_textField_takesLinesOfOthers() throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("posts.jsonl"),
            """
            {"body": "one", "id": 7, "url": "http://a", "domain": "a.example"}
            {"body": "two", "document": "thread"}
            {"text": "three"}
            {"body": 4}
            """);
    UserMaterial.Lines lines = UserMaterial.shared(file, "d", "body");
    assertEquals(
        List.of("posts.jsonl#1 of posts.jsonl#1: one", "posts.jsonl#2 of thread: two"),
        said(lines));
    assertEquals(
        List.of("line 3 missing-key", "line 4 bad-value"),
        lines.refused().stream().map(no -> no.where() + " " + no.reason()).toList());
    assertTrue(lines.refused().get(0).detail().startsWith("no \"body\", expected"));
  }

  @Test
  void lines_textFieldOfTextFile_isAnError() throws Exception {
    Path file = write("a.txt", TEXT.getBytes(UTF_8));
    for (Path input : List.of(file, folder)) {
      assertThrows(IllegalArgumentException.class, () -> UserMaterial.shared(input, "d", "body"));
    }
  }

  /** A file's pieces are all held out, or none of them. */
  @Test
  void material_ofFolder_holdsWholeFilesOut() throws Exception {
    for (int i = 0; i < 12; i++) {
      String name = "file " + i;
      String paragraph = name + " says that the order has left our house.\n\n";
      write("in/" + name + ".txt", paragraph.repeat(30).getBytes(UTF_8));
    }
    UserMaterial.Lines lines = UserMaterial.lines(folder.resolve("in"), "mails");
    HeldOut heldOut = new HeldOut("salt", 3);
    Material material = UserMaterial.material(lines, "mails", NANO, heldOut, 1);
    assertEquals(lines.samples(), material.samples());
    Set<String> judging = files(material.heldOut().get("mails"));
    Set<String> teaching = files(material.prompts().get("mails"));
    assertEquals(12, judging.size() + teaching.size());
    assertTrue(!judging.isEmpty() && !teaching.isEmpty());
    for (Sample sample : lines.samples()) {
      String file = sample.text().split(" says", 2)[0];
      assertEquals(judging.contains(file), heldOut.contains(null, "mails", sample.document()));
    }
  }

  /** A run that ends early has learned something of each. */
  @Test
  void lines_ofFolder_eachFilesPiecesAreSpreadOverAll() throws Exception {
    write("in/a.txt", paragraphs(4).getBytes(UTF_8));
    write("in/b.txt", paragraphs(2).getBytes(UTF_8));
    assertEquals(
        List.of("a.txt#1", "b.txt#1", "a.txt#2", "a.txt#3", "b.txt#2", "a.txt#4"),
        UserMaterial.lines(folder.resolve("in"), "d").samples().stream()
            .map(sample -> sample.id().substring("in/".length()))
            .toList());
  }

  @Test
  void material_ofOneFile_holdsSectionsOut() throws Exception {
    Path file = write("a.txt", paragraphs(100).getBytes(UTF_8));
    UserMaterial.Lines lines = UserMaterial.lines(file, "mails");
    assertEquals(
        List.of("a.txt#1 of a.txt/1", "a.txt#8 of a.txt/1", "a.txt#9 of a.txt/2"),
        lines.samples().stream()
            .filter(sample -> Set.of("a.txt#1", "a.txt#8", "a.txt#9").contains(sample.id()))
            .map(sample -> sample.id() + " of " + sample.document())
            .sorted()
            .toList());
    Material material = UserMaterial.material(lines, "mails", NANO, new HeldOut("salt", 3), 1);
    assertTrue(material.heldOut().get("mails").size() >= 8, material::toString);
  }

  /** Each a piece of its own. */
  private static String paragraphs(int count) {
    return "The order has left. ".repeat(20).concat("\n\n").repeat(count);
  }

  @Test
  void material_ofShortFile_saysThatItIsOneDocument() throws Exception {
    Path file = write("a.txt", "The order has left.\n\n".repeat(99).getBytes(UTF_8));
    UserMaterial.Lines lines = UserMaterial.lines(file, "mails");
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> UserMaterial.material(lines, "mails", NANO, new HeldOut("salt", 2), 1));
    assertTrue(e.getMessage().contains(", documents 1, texts to learn from "), e::getMessage);
  }

  private static Set<String> files(List<String> texts) {
    return texts.stream().map(text -> text.split(" says", 2)[0]).collect(Collectors.toSet());
  }

  private List<String> read(Path path) throws IOException {
    return said(UserMaterial.lines(path, "d"));
  }

  private static List<String> said(UserMaterial.Lines lines) {
    return lines.samples().stream()
        .map(sample -> sample.id() + " of " + sample.document() + ": " + sample.text())
        .toList();
  }

  private Path write(String name, byte[] bytes) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(file, bytes);
  }

  private static byte[] zipped(byte[] bytes) throws IOException {
    ByteArrayOutputStream zipped = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(zipped)) {
      out.write(bytes);
    }
    return zipped.toByteArray();
  }
}
